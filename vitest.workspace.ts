import { defineConfig } from "vitest/config"

// Vitest 5 reads a file of this name only when it is passed with --config, as `npm test` does.
export default defineConfig({
  test: { projects: ["packages/*", "scratchpad", "."] }
})
