import { defineProject } from "vitest/config"

// Many of these tests start a process, hence the time.
export default defineProject({ test: { testTimeout: 60_000 } })
