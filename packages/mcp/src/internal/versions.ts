/**
 * The versions of the protocol.
 */
import { SUPPORTED_PROTOCOL_VERSIONS } from "@modelcontextprotocol/client"
import { UnsupportedVersion } from "../McpError.ts"
import { short } from "./short.ts"

/** The one that has no `initialize`. */
export const modern = "2026-07-28"

/** Those that the official client speaks, the newest first. */
const known: ReadonlyArray<string> = [modern, ...SUPPORTED_PROTOCOL_VERSIONS]

/** That a server speaks these alone, as it says; undefined where it names none. */
export const unsupported = (versions: unknown): UnsupportedVersion | undefined => {
  const named = Array.isArray(versions) ? versions.filter((version) => typeof version === "string") : []
  return named.length === 0
    ? undefined
    : new UnsupportedVersion({ versions: named.slice(0, 10).map((version) => short(version, 40)), known })
}

/** True of a version that may be answered to `initialize`. */
export const isBegun = (version: string): boolean => SUPPORTED_PROTOCOL_VERSIONS.includes(version)

/** The newest version that both speak. */
export const inCommon = ({ versions }: UnsupportedVersion): string | undefined =>
  known.find((version) => versions.includes(version))
