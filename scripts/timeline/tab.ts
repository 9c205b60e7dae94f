import type { Ask } from "../runtimes/chromium.ts"

/** How a page is looked at. */
export interface Look {
  readonly width: number
  readonly height: number
  readonly scheme: "light" | "dark"
}

/** A page in a browser. */
export interface Tab {
  readonly look: (look: Look) => Promise<void>
  readonly open: (url: string) => Promise<void>
  /** What an expression comes to, as JSON. */
  readonly read: (expression: string) => Promise<unknown>
  /** Reads until it is so; fails after ten seconds. */
  readonly until: (expression: string) => Promise<void>
  readonly press: (...keys: ReadonlyArray<string>) => Promise<void>
  readonly screenshot: () => Promise<Buffer>
}

/** Opens a tab, in which nothing moves. */
export const tabOf = async (ask: Ask): Promise<Tab> => {
  const { targetId } = await ask("Target.createTarget", { url: "about:blank" })
  const { sessionId } = await ask("Target.attachToTarget", { targetId, flatten: true })
  const session = String(sessionId)
  await ask("Page.enable", {}, session)
  const read = async (expression: string): Promise<unknown> => {
    const { exceptionDetails, result } = await ask("Runtime.evaluate", {
      expression,
      awaitPromise: true,
      returnByValue: true
    }, session)
    if (exceptionDetails !== undefined) throw new Error(`${expression}: ${JSON.stringify(exceptionDetails)}`)
    return typeof result === "object" && result !== null && "value" in result ? result.value : undefined
  }
  const until = async (expression: string): Promise<void> => {
    const end = Date.now() + 10_000
    while (await read(`Boolean(${expression})`) !== true) {
      if (Date.now() > end) throw new Error(`this did not come: ${expression}`)
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
  return {
    read,
    until,
    look: async ({ height, scheme, width }) => {
      await ask("Emulation.setDeviceMetricsOverride", { width, height, deviceScaleFactor: 1, mobile: false }, session)
      const features = [{ name: "prefers-color-scheme", value: scheme }, {
        name: "prefers-reduced-motion",
        value: "reduce"
      }]
      await ask("Emulation.setEmulatedMedia", { features }, session)
    },
    open: async (url) => {
      await ask("Page.navigate", { url }, session)
      await until(`document.readyState === "complete" && location.href === ${JSON.stringify(url)}`)
    },
    press: async (...keys) => {
      for (const key of keys) {
        const text = key === "Enter" ? "\r" : key.length === 1 ? key : undefined
        const codes: { readonly [name: string]: number } = {
          Tab: 9,
          Enter: 13,
          End: 35,
          Home: 36,
          ArrowUp: 38,
          ArrowDown: 40
        }
        const event = { key, code: key, windowsVirtualKeyCode: codes[key] ?? 0, ...(text !== undefined && { text }) }
        await ask("Input.dispatchKeyEvent", { type: "keyDown", ...event }, session)
        await ask("Input.dispatchKeyEvent", { type: "keyUp", key, code: key }, session)
      }
    },
    screenshot: async () => Buffer.from(String((await ask("Page.captureScreenshot", {}, session))["data"]), "base64")
  }
}
