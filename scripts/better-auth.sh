#!/usr/bin/env bash
# Runs a real Better Auth server from npm and Doorward on one PostgreSQL database, and uses Doorward with
# the tokens of somebody who signs up there: with the tables that Better Auth makes itself (Kysely), and with
# those of Drizzle, in the singular and in the plural. Needs PostgreSQL's server programs.
# Builds the binary unless DOORWARD_BIN names one; the packages live in target/better-auth.
set -euo pipefail
cd "$(dirname "$0")/.."

if [ "${SKIP_BETTER_AUTH:-}" = 1 ]; then
  echo "skipped by SKIP_BETTER_AUTH" >&2
  exit 0
fi
. scripts/rig.sh

node=$PWD/target/better-auth
node_packages "$node" tests/interop/better-auth
cp tests/interop/better-auth/*.mjs "$node"
start_postgres

BETTER_AUTH_SECRET=$(new_secret)
export BETTER_AUTH_SECRET

for store in kysely drizzle drizzle-plural; do
  echo "Better Auth with $store"
  DATABASE_URL=$(database "$store")
  export DATABASE_URL
  [ $store != drizzle-plural ] || sql -c "ALTER DATABASE \"$store\" SET search_path = public, better"
  BETTER_AUTH_URL="http://127.0.0.1:$(free_port)"
  export BETTER_AUTH_URL

  touch "$work/better-auth.log" "$work/doorward.log"
  (cd "$node" && STORE=$store exec node server.mjs >"$work/better-auth.log" 2>&1) &
  running+=($!)
  answers "$BETTER_AUTH_URL/api/auth/ok" "${running[0]}" "$work/better-auth.log"

  port=$(free_port)
  export DOORWARD_URL="http://127.0.0.1:$port"
  (cd "$work" && exec "$DOORWARD_BIN" serve --migrate --port "$port" >"$work/doorward.log" 2>&1) &
  running+=($!)
  answers "$DOORWARD_URL/livez" "${running[1]}" "$work/doorward.log"

  node "$node/check.mjs" || { tail -30 "$work/doorward.log" >&2; exit 1; }
  end_running
done
