import { readdirSync } from "node:fs"
import { defineConfig } from "vitest/config"

// Vitest 5 reads a file of this name only when it is passed with --config, as `npm test` does.
export default defineConfig({
  test: {
    passWithNoTests: true,
    maxWorkers: 2,
    // They end what hangs, and say nothing of speed: some tests start processes, and a machine may be busy.
    testTimeout: 600_000,
    hookTimeout: 600_000,
    // The files of a worker share the modules that they import, which takes half of the time that loading them anew does.
    isolate: false,
    setupFiles: [`${import.meta.dirname}/test/setup.ts`],
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
