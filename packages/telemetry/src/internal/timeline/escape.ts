import { visible } from "./units.ts"

/** Writes text so that a page or a picture shows it and does nothing else with it. */
export const escape = (text: string): string =>
  visible(text).replaceAll(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`)
