import { defineConfig } from "vitest/config"

export default defineConfig({
  test: {
    maxWorkers: 3,
    // They end what hangs, and say nothing of speed: some tests start processes, and a machine may be busy.
    testTimeout: 600_000,
    hookTimeout: 600_000,
    // The files of a worker share the modules that they import, which takes a quarter of the time that loading them anew
    // for each package does.
    isolate: false,
    // Node loads the sources as it does everywhere else, which is quicker than to have Vite rewrite them, and to run what it
    // has made of them: there, each use of an import looks it up. Nothing here mocks a module.
    experimental: { viteModuleRunner: false, nodeLoader: false },
    // Random cases leave much behind, and nearly all of it is dead by the time that this much is full.
    execArgv: ["--max-semi-space-size=64"],
    // Processes that tests start find there what Node has compiled before, and start in two thirds of the time.
    env: { NODE_COMPILE_CACHE: `${import.meta.dirname}/node_modules/.cache/volley` },
    globalSetup: `${import.meta.dirname}/test/bundles.ts`,
    setupFiles: [`${import.meta.dirname}/test/setup.ts`],
    include: ["packages/*/test/**/*.test.ts", "test/**/*.test.ts"]
  }
})
