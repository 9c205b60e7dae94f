import type * as Schema from "effect/Schema"

/** JSON with what no eye sees, or what a terminal obeys, but for new lines, spelled out in its texts, so that none looks like another one. */
export const visible = (json: Schema.Json): Schema.Json => {
  if (typeof json === "string") return spelledOut(json)
  if (typeof json !== "object" || json === null) return json
  if (Array.isArray(json)) return json.map(visible)
  return Object.fromEntries(Object.entries(json).map(([key, value]) => [spelledOut(key), visible(value)]))
}

const spelledOut = (text: string): string =>
  text.replaceAll(
    /(?!\n)(?![\ufe0e\ufe0f])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu,
    (char) => char.split("").map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`).join("")
  )
