#!/usr/bin/env bash
# @modelcontextprotocol/client 2.4.0: requests in flight that are refused because the token has expired refresh it each for itself. Where
# the authorization server takes a refresh token once, as OAuth 2.1 asks for public clients, the others are refused, and somebody is
# sent to log in again, though there is a token already. Headers that are meant for the MCP server (`requestInit`) go to the
# authorization server with it.
# Seen: 5 requests, more than one refresh, somebody sent to log in, and the key of the gateway at the authorization server. Fails if
# that changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund @modelcontextprotocol/client@2.4.0 >/dev/null
cat > try.mjs <<'JS'
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/client"
console.warn = () => {}
const seen = { refreshes: 0, logins: 0, keys: new Set() }
let refresh = "refresh-0"
let tokens = { access_token: "old", refresh_token: refresh, token_type: "Bearer", issuer: "https://auth.example" }
const json = (body, status = 200, headers = {}) => Response.json(body, { status, headers })
const metadata = {
  issuer: "https://auth.example",
  authorization_endpoint: "https://auth.example/authorize",
  token_endpoint: "https://auth.example/token",
  response_types_supported: ["code"]
}
const fetch = async (input, init = {}) => {
  const { host, pathname } = new URL(input)
  const headers = new Headers(init.headers)
  if (host === "auth.example" && headers.has("x-key")) seen.keys.add(headers.get("x-key"))
  if (pathname === "/token") {
    seen.refreshes++
    if (init.body.get("refresh_token") !== refresh) return json({ error: "invalid_grant" }, 400)
    refresh = `refresh-${seen.refreshes}`
    return json({ access_token: "new", refresh_token: refresh, token_type: "Bearer" })
  }
  if (host === "auth.example") return pathname.includes("oauth-authorization-server") ? json(metadata) : json({}, 404)
  if (pathname.startsWith("/.well-known")) return json({ resource: "https://mcp.example/", authorization_servers: ["https://auth.example"] })
  return headers.get("authorization") === "Bearer new" ? new Response(null, { status: 202 }) : json({}, 401)
}
const authProvider = {
  redirectUrl: "https://app.example/back",
  clientMetadata: { redirect_uris: ["https://app.example/back"] },
  clientInformation: () => ({ client_id: "app", issuer: "https://auth.example" }),
  tokens: () => tokens,
  saveTokens: (saved) => void (tokens = saved),
  invalidateCredentials: () => void (tokens = undefined),
  codeVerifier: () => "",
  saveCodeVerifier: () => {},
  redirectToAuthorization: () => void seen.logins++
}
const transport = new StreamableHTTPClientTransport(new URL("https://mcp.example/mcp"), {
  authProvider, fetch, requestInit: { headers: { "x-key": "of-the-gateway" } }
})
await transport.start()
const send = (id) => transport.send({ jsonrpc: "2.0", method: `notifications/${id}` })
await Promise.allSettled([1, 2, 3, 4, 5].map(send))
console.log(seen.refreshes > 1 ? "refreshed more than once" : "refreshed once", seen.logins > 0 ? "login" : "no login", ...seen.keys)
JS
seen=$(node try.mjs)
echo "$seen"
[ "$seen" = 'refreshed more than once login of-the-gateway' ]
