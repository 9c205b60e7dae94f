import { readdirSync } from "node:fs"
import { defineConfig } from "vitest/config"

// Vitest 5 reads a file of this name only when it is passed with --config, as `npm test` does.
export default defineConfig({
  test: {
    passWithNoTests: true,
    maxWorkers: 2,
    // No test waits for this: it ends what hangs, on however slow and busy a machine.
    testTimeout: 300_000,
    projects: [
      ...readdirSync("packages").map((name) => ({
        extends: true as const,
        root: `packages/${name}`,
        test: { name: `@volley/${name}` }
      })),
      { extends: true, test: { name: "repo", include: ["test/**/*.test.ts"] } }
    ]
  }
})
