/**
 * The server of the tests as a process, which ends with its input: so also when whoever started it is killed.
 */
import { spawn } from "node:child_process"
import { join } from "node:path"

const script = join(import.meta.dirname, "postgresServer.ts")

export const startServer = () => spawn(process.execPath, [script], { stdio: ["pipe", "pipe", "inherit"] })
