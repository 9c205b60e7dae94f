#!/usr/bin/env bash
# Node 24.21.0, `node:sqlite` (SQLite 3.53.4): `timeout` of a `DatabaseSync` says how long a statement waits for a file that
# another connection has. `BEGIN IMMEDIATE` waits that long beside an open write; `PRAGMA journal_mode = WAL` is refused at once.
# Seen: "begin waits, WAL does not". Fails if that changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund node@24.21.0 >/dev/null
cat > try.mjs <<'JS'
import { DatabaseSync } from "node:sqlite"
const first = new DatabaseSync("a.db")
first.exec("CREATE TABLE t (n); BEGIN IMMEDIATE")
const waits = (statement) => {
  const second = new DatabaseSync("a.db", { timeout: 1000 })
  const began = performance.now()
  try {
    second.exec(statement)
    return "is done"
  } catch {
    return performance.now() - began > 900 ? "waits" : "does not"
  } finally {
    second.close()
  }
}
console.log(`begin ${waits("BEGIN IMMEDIATE")}, WAL ${waits("PRAGMA journal_mode = WAL")}`)
JS
seen=$(node_modules/.bin/node --no-warnings try.mjs)
echo "$seen"
[ "$seen" = "begin waits, WAL does not" ]
