import { type ChildProcess, execFileSync, spawn } from "node:child_process"
import { once } from "node:events"
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { join } from "node:path"
import type { Readable, Writable } from "node:stream"
import { brotliDecompressSync } from "node:zlib"
import type { Played } from "./played.ts"

/** Asks a browser one thing of the DevTools protocol, and gives what it answers. */
export type Ask = (method: string, params: object, sessionId?: string) => Promise<Answer>

interface Answer {
  readonly [name: string]: unknown
}

/** Nothing of a page's may be compiled from text there, as on pages that mean to be safe. */
const policy = "default-src 'self'"

/** Plays the program in a page of a host, `localhost` or one that browsers do not trust without https. */
export const play = async (folder: string, host: string): Promise<Played> => {
  const server = createServer((request, response) => {
    const isScript = request.url === "/page.js"
    response.setHeader("content-type", isScript ? "text/javascript; charset=utf-8" : "text/html")
    response.setHeader("content-security-policy", policy)
    response.end(isScript ? readFileSync(join(folder, "program/page.js")) : "<!doctype html><title>Volley</title>")
  })
  await once(server.listen(0, "127.0.0.1"), "listening")
  const { port } = server.address() as AddressInfo
  const browser = unpacked(join(folder, "node_modules/@sparticuz/chromium/bin"), join(folder, "chromium"))
  const child = started({ browser, home: folder }, host)
  try {
    return await playedIn(askOf(child), `http://${host}:${port}`)
  } finally {
    child.kill("SIGKILL")
    await once(child, "exit")
    server.closeAllConnections()
    server.close()
  }
}

const playedIn = async (ask: Ask, url: string): Promise<Played> => {
  const { product } = await ask("Browser.getVersion", {})
  const { targetId } = await ask("Target.createTarget", { url: "about:blank" })
  const { sessionId } = await ask("Target.attachToTarget", { targetId, flatten: true })
  // Its answer comes when the page is there.
  await ask("Page.navigate", { url }, String(sessionId))
  const { exceptionDetails, result } = await ask("Runtime.evaluate", {
    expression: `import("/page.js").then(async ({ lines }) => [String(isSecureContext), ...await lines()])`,
    awaitPromise: true,
    returnByValue: true,
    allowUnsafeEvalBlockedByCSP: false
  }, String(sessionId))
  if (!isResult(result)) throw new Error(JSON.stringify(exceptionDetails))
  const [isSecure, ...lines] = result.value
  return { version: `${String(product)}${isSecure === "true" ? "" : ", no secure context"}`, lines }
}

const isResult = (result: unknown): result is { readonly value: ReadonlyArray<string> } =>
  typeof result === "object" && result !== null && "value" in result && Array.isArray(result.value)

/**
 * Starts a browser: that of a folder into which the package was unpacked, or one's own.
 *
 * - `home`: a folder that this browser alone writes to
 * - `webGl`: pages may draw by WebGL, which the processor does
 */
export const started = (
  { browser, home, own, webGl = false }: {
    readonly browser: string
    readonly home: string
    readonly own?: string | undefined
    readonly webGl?: boolean | undefined
  },
  host: string
): ChildProcess => {
  const args = [
    "--headless=shell",
    "--no-sandbox",
    "--no-zygote",
    ...webGl ? ["--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"] : ["--disable-gpu"],
    "--disable-dev-shm-usage",
    "--remote-debugging-pipe",
    `--user-data-dir=${join(home, "profile")}`,
    `--host-resolver-rules=MAP ${host} 127.0.0.1`
  ]
  const brought = own === undefined
    ? { LD_LIBRARY_PATH: join(browser, "lib"), FONTCONFIG_FILE: join(browser, "fonts.conf") }
    : {}
  return spawn(own ?? join(browser, "chromium"), args, {
    stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"],
    env: { ...process.env, ...brought, HOME: home }
  })
}

/** Its own letters beside those of the machine, which may have none. */
const fonts = `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig><include ignore_missing="yes">/etc/fonts/fonts.conf</include><dir prefix="relative">fonts</dir></fontconfig>
`

/**
 * Unpacks the package once, and gives the folder.
 *
 * - it brings its libraries and letters: of a machine it wants the C library and that of the compiler alone
 */
export const unpacked = (packed: string, folder: string): string => {
  if (existsSync(folder)) return folder
  const under = `${folder}.${process.pid}`
  mkdirSync(under, { recursive: true })
  const open = (name: string) => brotliDecompressSync(readFileSync(join(packed, `${name}.br`)))
  writeFileSync(join(under, "chromium"), open("chromium"))
  chmodSync(join(under, "chromium"), 0o755)
  for (const tar of ["al2023.tar", "fonts.tar", "swiftshader.tar"]) {
    execFileSync("tar", ["-x", "-C", under], { input: open(tar) })
  }
  writeFileSync(join(under, "fonts.conf"), fonts)
  try {
    renameSync(under, folder)
  } catch (error) {
    // Another process may have been faster.
    rmSync(under, { recursive: true })
    if (!existsSync(folder)) throw error
  }
  return folder
}

/** Messages are JSON with a zero byte behind each. */
export const askOf = (child: ChildProcess): Ask => {
  const waiting = new Map<number, { resolve: (answer: Answer) => void; reject: (error: Error) => void }>()
  let last = 0
  let rest = ""
  const to = child.stdio[3] as Writable
  const from = child.stdio[4] as Readable
  from.setEncoding("utf8").on("data", (text: string) => {
    const messages = (rest + text).split("\0")
    rest = messages.pop() ?? ""
    for (const message of messages) {
      const { error, id, result } = JSON.parse(message)
      if (error === undefined) waiting.get(id)?.resolve(result)
      else waiting.get(id)?.reject(new Error(error.message))
    }
  })
  const end = () => waiting.forEach(({ reject }) => reject(new Error("the browser ended")))
  child.once("error", end).once("exit", end)
  return (method, params, sessionId) =>
    new Promise((resolve, reject) => {
      const id = ++last
      waiting.set(id, { resolve, reject })
      to.write(`${JSON.stringify({ id, method, params, sessionId })}\0`)
    })
}
