#!/usr/bin/env bash
# Runs a real Better Auth server from npm and Doorward on one PostgreSQL database, and uses Doorward with
# the tokens of somebody who signs up there: with the tables that Better Auth makes itself (Kysely), and with
# those of Drizzle, in the singular and in the plural. Needs Node 20 with npm, and PostgreSQL's server programs.
# Builds the binary unless DOORWARD_BIN names one; the packages live in target/better-auth.
set -euo pipefail
cd "$(dirname "$0")/.."

if ! command -v npm >/dev/null || ! node -e 'process.exit(Number(process.versions.node.split(".")[0]) < 20 ? 1 : 0)' 2>/dev/null; then
  [ "${SKIP_BETTER_AUTH:-}" = 1 ] || { echo "Better Auth needs Node 20 or newer: install it, or set SKIP_BETTER_AUTH=1" >&2; exit 1; }
  echo "skipped by SKIP_BETTER_AUTH" >&2
  exit 0
fi
if [ -z "${DOORWARD_BIN:-}" ]; then
  cargo build --quiet --locked
  DOORWARD_BIN=$PWD/target/debug/doorward
fi

node=$PWD/target/better-auth
mkdir -p "$node"
if ! cmp -s tests/interop/better-auth/package-lock.json "$node/installed.json"; then
  cp tests/interop/better-auth/package.json tests/interop/better-auth/package-lock.json "$node"
  npm ci --prefix "$node" --loglevel error --no-audit --no-fund --ignore-scripts >/dev/null
  cp "$node/package-lock.json" "$node/installed.json"
fi
cp tests/interop/better-auth/*.mjs "$node"

pgbin=$(pg_config --bindir 2>/dev/null || true)
[ -x "$pgbin/initdb" ] || pgbin=$(ls -d /usr/lib/postgresql/*/bin | sort -V | tail -1)
work=$(mktemp -d)
user=
# PostgreSQL refuses to run as root.
if [ "$(id -u)" -eq 0 ]; then
  user=$(id -un postgres 2>/dev/null || echo nobody)
  chown "$user" "$work"
  chmod 755 "$work"
fi
as() { if [ -n "$user" ]; then setpriv --reuid="$user" --regid="$(id -g "$user")" --clear-groups "$@"; else "$@"; fi; }
servers=()
finish() {
  [ ${#servers[@]} -eq 0 ] || kill "${servers[@]}" 2>/dev/null || true
  (cd / && as "$pgbin/pg_ctl" -D "$work/pg" -m immediate stop >/dev/null 2>&1) || true
  rm -rf "$work"
}
trap finish EXIT
free_port() { node -e 'const s = require("net").createServer().listen(0, "127.0.0.1", () => { console.log(s.address().port); s.close(); })'; }
# Waits until an address answers, or the program behind it has ended.
answers() {
  for _ in $(seq 200); do
    curl -fsS -o /dev/null "$1" 2>/dev/null && return 0
    kill -0 "$2" 2>/dev/null || break
    sleep 0.1
  done
  cat "$3" >&2
  return 1
}

(cd / && as "$pgbin/initdb" -D "$work/pg" -U postgres -A trust --no-locale -E UTF8 >/dev/null)
pgport=$(free_port)
(cd / && as "$pgbin/pg_ctl" -D "$work/pg" -w -l "$work/pg.log" \
  -o "-p $pgport -k $work -c listen_addresses=127.0.0.1 -c fsync=off" start >/dev/null)

BETTER_AUTH_SECRET=$(node -p 'require("crypto").randomBytes(32).toString("hex")')
export BETTER_AUTH_SECRET

for store in kysely drizzle drizzle-plural; do
  echo "Better Auth with $store"
  servers=()
  sql() { (cd / && as "$pgbin/psql" -X -q -h 127.0.0.1 -p "$pgport" -U postgres -d postgres -c "$1"); }
  sql "CREATE DATABASE \"$store\""
  [ $store != drizzle-plural ] || sql "ALTER DATABASE \"$store\" SET search_path = public, better"
  export DATABASE_URL="postgres://postgres@127.0.0.1:$pgport/$store?sslmode=disable"
  BETTER_AUTH_URL="http://127.0.0.1:$(free_port)"
  export BETTER_AUTH_URL

  touch "$work/better-auth.log" "$work/doorward.log"
  (cd "$node" && STORE=$store exec node server.mjs >"$work/better-auth.log" 2>&1) &
  servers+=($!)
  answers "$BETTER_AUTH_URL/api/auth/ok" "${servers[0]}" "$work/better-auth.log"

  port=$(free_port)
  export DOORWARD_URL="http://127.0.0.1:$port"
  (cd "$work" && exec "$DOORWARD_BIN" serve --migrate --port "$port" >"$work/doorward.log" 2>&1) &
  servers+=($!)
  answers "$DOORWARD_URL/livez" "${servers[1]}" "$work/doorward.log"

  node "$node/check.mjs" || { tail -30 "$work/doorward.log" >&2; exit 1; }
  kill "${servers[@]}"
  wait "${servers[@]}" || true
done
servers=()
