#!/usr/bin/env bash
# effect 4.1.0: the `stream` of an HTTP response without a body, such as one of status 204, fails with `EmptyBodyError`, where its
# `arrayBuffer` and its `text` are empty.
# Seen: stream: EmptyBodyError, arrayBuffer: 0 bytes, text: 0 letters. Fails if that changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund effect@4.1.0 >/dev/null
cat > try.mjs <<'JS'
import { Effect, Stream } from "effect"
import { FetchHttpClient, HttpClient } from "effect/http"
const read = (of) =>
  HttpClient.get("http://localhost/x").pipe(
    Effect.flatMap(of),
    Effect.match({ onFailure: ({ reason }) => reason._tag, onSuccess: (size) => size }),
    Effect.provide(FetchHttpClient.layer),
    Effect.provideService(FetchHttpClient.Fetch, async () => new Response(null, { status: 204 })),
    Effect.runPromise
  )
const stream = await read((response) => Stream.runFold(response.stream, () => 0, (size, bytes) => size + bytes.length))
const bytes = await read((response) => Effect.map(response.arrayBuffer, ({ byteLength }) => byteLength))
const letters = await read((response) => Effect.map(response.text, ({ length }) => length))
console.log(`stream: ${stream}, arrayBuffer: ${bytes} bytes, text: ${letters} letters`)
JS
seen=$(node try.mjs)
echo "$seen"
[ "$seen" = 'stream: EmptyBodyError, arrayBuffer: 0 bytes, text: 0 letters' ]
