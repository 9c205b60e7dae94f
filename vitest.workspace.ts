import { defineConfig } from "vitest/config"

// Vitest 5 reads a file of this name only when it is passed with --config, as `npm test` does.
export default defineConfig({
  test: {
    passWithNoTests: true,
    projects: [
      "packages/*",
      "scratchpad",
      // The tests of the repository itself start processes, hence the time.
      { test: { name: "repo", include: ["test/**/*.test.ts"], testTimeout: 60_000 } }
    ]
  }
})
