import type { Any } from "./any.ts"

/** A tool with something changed, in whatever form its parameters are written later. */
export const changed = (tool: Any, change: (tool: Any) => Partial<Any>): Any => {
  const { recode } = tool
  return { ...tool, ...change(tool), recode: recode && ((...form) => changed(recode(...form), change)) }
}
