/** In a page: whoever drives the browser asks for what comes of it. */
import { lines } from "./program.ts"

Reflect.set(globalThis, "lines", lines())
