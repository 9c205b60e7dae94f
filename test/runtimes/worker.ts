/** In a Worker: it answers with the lines. */
import { lines } from "./program.ts"

export default {
  fetch: async () => new Response((await lines()).join("\n"), { headers: { "x-runtime": navigator.userAgent } })
}
