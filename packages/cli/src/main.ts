#!/usr/bin/env node
/**
 * The command line of Volley.
 */
import { main } from "./Program.ts"

main(process.argv.slice(2), (code) => process.exit(code))
