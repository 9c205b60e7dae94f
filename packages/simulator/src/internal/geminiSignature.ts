import { createHash } from "node:crypto"
import type { Part } from "./geminiRequest.ts"

/** What a caller may put in place of a signature that it never had. */
const skip = "skip_thought_signature_validator"

/** Signs a call, so that a later request shows whether it is the one that was signed. */
export const sign = ({ args = {}, name }: { readonly name: string; readonly args?: unknown }): string =>
  Buffer.from(createHash("sha256").update(JSON.stringify([name, args])).digest()).toString("base64")

/** True for the signature of a part that this server never wrote. */
export const isForged = ({ functionCall, thoughtSignature }: Part): boolean =>
  functionCall !== undefined && thoughtSignature !== undefined && thoughtSignature !== skip
  && thoughtSignature !== sign(functionCall)
