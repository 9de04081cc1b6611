#!/usr/bin/env bash
# Tests passkeys in a headless Chromium with virtual authenticators, against a real server on SQLite and
# PostgreSQL; the page runs the code of docs/passkeys.md. SKIP_CHROMIUM=1 skips everything. Builds the binary
# unless DOORWARD_BIN names one; the package is kept in target/passkeys.
set -euo pipefail
cd "$(dirname "$0")/.."

if [ "${SKIP_CHROMIUM:-}" = 1 ]; then
  echo "skipped by SKIP_CHROMIUM: passkeys in a browser" >&2
  exit 0
fi
CHROMIUM=$(command -v chromium || command -v chromium-browser || command -v google-chrome) ||
  { echo "passkeys need Chromium: install it, or set SKIP_CHROMIUM=1" >&2; exit 1; }
export CHROMIUM DOCUMENT=$PWD/docs/passkeys.md

. scripts/rig.sh

node_packages "$PWD/target/passkeys" "$PWD/tests/passkeys"
cp tests/passkeys/passkeys.test.mjs target/passkeys
start_postgres
postgres=$(database passkeys)
for url in "" "$postgres"; do
  echo "passkeys on ${url:-SQLite}"
  DATABASE_URL=$url node --test target/passkeys/passkeys.test.mjs
done
