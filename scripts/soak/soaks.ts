/** What is soaked, each in a process of its own. */
export const soaks = ["calls", "agents", "mcp", "ids", "simulate", "clocks", "floods"] as const
