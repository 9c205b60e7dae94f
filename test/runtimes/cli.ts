/** On a runtime with a console. */
import { lines } from "./program.ts"

for (const line of await lines()) console.log(line)
