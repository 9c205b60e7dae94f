#!/usr/bin/env bash
# What the helpers for zod of openai 7.59.0 and @anthropic-ai/sdk 1.14.0 tell the model is what a schema of zod 4.6.7 gives, not what it
# takes. `z.stringbool()` takes text such as "yes": they tell of a boolean, and refuse it when it comes.
# Seen: what each tells, and what it makes of true and of "yes". Fails if that changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund openai@7.59.0 @anthropic-ai/sdk@1.14.0 zod@4.6.7 >/dev/null
cat > try.mjs <<'JS'
import { betaZodTool } from "@anthropic-ai/sdk/helpers/beta/zod"
import { zodFunction } from "openai/helpers/zod"
import { z } from "zod"
const schema = z.object({ express: z.stringbool() })
const ofOpenai = zodFunction({ name: "order", parameters: schema })
const ofAnthropic = betaZodTool({ name: "order", description: "Orders.", inputSchema: schema, run: () => "" })
const said = (told, parse) => {
  const seen = [true, "yes"].map((express) => {
    try {
      return `${JSON.stringify(express)} is ${JSON.stringify(parse({ express }).express)}`
    } catch {
      return `${JSON.stringify(express)} is refused`
    }
  })
  return `${JSON.stringify(told.properties.express)}, ${seen.join(", ")}`
}
console.log(`openai: ${said(ofOpenai.function.parameters, (input) => ofOpenai.$parseRaw(JSON.stringify(input)))}`)
console.log(`anthropic: ${said(ofAnthropic.input_schema, (input) => ofAnthropic.parse(input))}`)
JS
seen=$(node try.mjs)
echo "$seen"
[ "$seen" = 'openai: {"type":"boolean"}, true is refused, "yes" is true
anthropic: {"type":"boolean"}, true is refused, "yes" is true' ]
