#!/usr/bin/env bash
# Runs a real Better Auth server from npm and Doorward on one PostgreSQL database, and uses Doorward with the
# tokens of a user who signed up there: with the tables that Better Auth creates (Kysely), with those of Drizzle,
# singular and plural, and configured like Neon Auth; with its sessions imported into a database of Doorward's own;
# then with its cookie, from pages in a headless Chromium. Needs PostgreSQL's server programs; SKIP_CHROMIUM=1 skips
# the browser. Builds the binary unless DOORWARD_BIN names one; packages are kept in target/better-auth.
# ROUNDS=cookies runs only that part.
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

read -ra rounds <<<"${ROUNDS:-kysely drizzle drizzle-plural neon imported-sqlite imported-postgres cookies}"
if [ "${SKIP_CHROMIUM:-}" = 1 ]; then
  echo "skipped by SKIP_CHROMIUM: cookies" >&2
else
  CHROMIUM=$(command -v chromium || command -v chromium-browser || command -v google-chrome) ||
    { echo "cookies need Chromium: install it, or set SKIP_CHROMIUM=1" >&2; exit 1; }
  export CHROMIUM
fi
for store in "${rounds[@]}"; do
  [ "$store${SKIP_CHROMIUM:-}" != cookies1 ] || continue
  echo "Better Auth with $store"
  DATABASE_URL=$(database "$store")
  [ "$store" != drizzle-plural ] || sql -c "ALTER DATABASE \"$store\" SET search_path = public, better"
  BETTER_AUTH_SECRET=$(new_secret)
  LISTEN_PORT=$(free_port)
  BETTER_AUTH_URL="http://127.0.0.1:$LISTEN_PORT"
  export DATABASE_URL BETTER_AUTH_SECRET BETTER_AUTH_URL LISTEN_PORT STORE=$store
  ready=$BETTER_AUTH_URL/api/auth/ok
  check=check.mjs
  if [ "$store" = neon ]; then
    export NEON_AUTH_URL=$BETTER_AUTH_URL/neondb/auth
    ready=$NEON_AUTH_URL/ok
    check=neon.mjs
  elif [[ $store == imported-* ]]; then
    export OLD_DATABASE_URL=$DATABASE_URL STORE=kysely ACCEPT_COOKIES=true ALLOWED_ORIGINS=$BETTER_AUTH_URL
    [ "$store" = imported-sqlite ] || STORE=drizzle
    check=imported.mjs
  elif [ "$store" = cookies ]; then
    # Chromium takes every name below localhost for this machine.
    BETTER_AUTH_URL="https://app.localhost:$(free_port)"
    export TLS_KEY=$work/tls.key TLS_CERT=$work/tls.crt
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 1 -subj /CN=localhost \
      -keyout "$TLS_KEY" -out "$TLS_CERT" 2>/dev/null
    export STORE=kysely EVERYWHERE=1 ACCEPT_COOKIES=true
    export ALLOWED_ORIGINS="https://shop.localhost:${BETTER_AUTH_URL##*:}"
    check=cookies.mjs
  fi

  touch "$work/better-auth.log" "$work/doorward.log"
  (cd "$node" && exec node server.mjs >"$work/better-auth.log" 2>&1) &
  running+=($!)
  answers "$ready" "${running[0]}" "$work/better-auth.log"

  port=$(free_port)
  export DOORWARD_URL="http://127.0.0.1:$port"
  # Neon keeps the secret of Neon Auth, which is named by its own setting alone.
  [ "$store" != neon ] || { unset BETTER_AUTH_URL; BETTER_AUTH_SECRET=$(new_secret); }
  case $store in
    imported-sqlite) DATABASE_URL=sqlite:$work/imported.db ;;
    imported-postgres) DATABASE_URL=$(database imported) ;;
  esac
  (cd "$work" && exec "$DOORWARD_BIN" serve --migrate --port "$port" >"$work/doorward.log" 2>&1) &
  running+=($!)
  answers "$DOORWARD_URL/livez" "${running[1]}" "$work/doorward.log"

  node "$node/$check" || { tail -30 "$work/doorward.log" >&2; exit 1; }
  end_running
  unset NEON_AUTH_URL OLD_DATABASE_URL ACCEPT_COOKIES
done
