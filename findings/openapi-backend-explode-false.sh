#!/usr/bin/env bash
# openapi-backend 5.21.2: a query parameter with `explode: false` is split into a list whatever its schema is, so that `?page=5` is
# refused where an integer is asked for, also with `coerceTypes`; with `explode: true` the same is fine.
# Seen: false /query/page must be integer, true. Fails if that changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund openapi-backend@5.21.2 >/dev/null
cat > try.mjs <<'JS'
import { OpenAPIBackend } from "openapi-backend"
const asked = async (explode) => {
  const parameters = [{ name: "page", in: "query", explode, schema: { type: "integer" } }]
  const paths = { "/x": { get: { operationId: "get", parameters, responses: {} } } }
  const definition = { openapi: "3.0.3", info: { title: "", version: "1" }, paths }
  const api = new OpenAPIBackend({ definition, quick: true, coerceTypes: true })
  await api.init()
  const { errors, valid } = api.validateRequest({ method: "GET", path: "/x", query: "page=5", headers: {} })
  return [valid, ...(errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`)].join(" ")
}
console.log(`${await asked(false)}, ${await asked(true)}`)
JS
seen=$(node try.mjs)
echo "$seen"
[ "$seen" = 'false /query/page must be integer, true' ]
