#!/usr/bin/env bash
# Tests against third-party programs: PyJWT, python-jose, joserfc, FastAPI, npm's jose in Express, Hono and
# Next.js, and Go, if installed, verify the tokens of a running server with the shared secret and with the
# published keys. The server accepts those of a real Better Auth server, pyotp acts as an authenticator app, and
# accounts with hashes of passlib, Django, Werkzeug, Better Auth, Lucia and Firebase sign in. Builds the binary
# unless DOORWARD_BIN names one; packages are kept in target/interop….
set -euo pipefail
cd "$(dirname "$0")/.."

. scripts/rig.sh

venv=$PWD/target/interop
python_packages "$venv" tests/interop/requirements.txt

# What the caller's shell holds for a server or a verifier of its own.
alone=(env -u DATABASE_URL -u DOORWARD_SECRET -u DOORWARD_AUDIENCE -u DOORWARD_ISSUER
  -u TOKEN_AUDIENCE -u TOKEN_ISSUER -u PUBLIC_URL -u PREVIOUS_SECRETS)

port=$(free_port)
secret=$(new_secret)
(cd "$work" && exec "${alone[@]}" BETTER_AUTH_SECRET="$secret" RATE_LIMIT_LOGIN=off "$DOORWARD_BIN" dev --port "$port" >"$work/log" 2>&1) &
running=($!)
answers "http://127.0.0.1:$port/livez" "${running[0]}" "$work/log"

DOORWARD_URL="http://127.0.0.1:$port" DOORWARD_SECRET="$secret" "$venv/bin/python" tests/interop/tokens.py
DOORWARD_URL="http://127.0.0.1:$port" "$venv/bin/python" tests/interop/second_factor.py

hashes=$PWD/target/interop-hashes
node_packages "$hashes" tests/interop/hashes
cp tests/interop/hashes/make.mjs "$hashes"
DOORWARD_URL="http://127.0.0.1:$port" DOORWARD_SECRET="$secret" DOORWARD_BIN="$DOORWARD_BIN" \
  DOORWARD_DB="sqlite:$work/.doorward/doorward.db" DOORWARD_WORK="$work" DOORWARD_NODE="$hashes" \
  "$venv/bin/python" tests/interop/hashes/check.py
end_running

node=$PWD/target/interop-node
mkdir -p "$node/app/whoami"
node_packages "$node" tests/interop/node
cp tests/interop/node/check.mjs tests/interop/node/tsconfig.json "$node"
cp docs/examples/node_auth.mjs "$node/app/whoami/node_auth.mjs"
cp docs/examples/nextjs_route.ts "$node/app/whoami/route.ts"
export NEXT_TELEMETRY_DISABLED=1
(cd "$node" && npx next build >"$work/next" 2>&1) || { cat "$work/next" >&2; exit 1; }

# Said on stderr, and once more where `scripts/test.sh` ends.
skipped() {
  echo "skipped: $1" >&2
  [ -z "${DOORWARD_SKIPPED:-}" ] || echo "$1" >>"$DOORWARD_SKIPPED"
}

go=$PWD/target/interop-go
mkdir -p "$go"
cp tests/interop/go/* docs/examples/go_auth.go "$go"
if ! command -v go >/dev/null; then
  skipped "Go is not installed"
  go=
elif (cd "$go" && go mod download) >"$work/go" 2>&1; then
  (cd "$go" && go vet . && go test -c -o tokens.test .)
elif grep -qi 'security error\|checksum mismatch' "$work/go"; then
  cat "$work/go" >&2
  exit 1
else
  skipped "Go's modules cannot be downloaded: $(tail -1 "$work/go")"
  go=
fi

for algorithm in HS256 EdDSA ES256 RS256; do
  mkdir "$work/$algorithm"
  "${alone[@]}" BETTER_AUTH_SECRET="$secret" TOKEN_ALGORITHM="$algorithm" \
    DOORWARD_ALGORITHM="$algorithm" DOORWARD_BIN="$DOORWARD_BIN" DOORWARD_WORK="$work/$algorithm" \
    DOORWARD_NODE="$node" DOORWARD_GO="$go" DOORWARD_URL="http://127.0.0.1:$port" \
    "$venv/bin/python" -W ignore tests/interop/published.py
done

./scripts/better-auth.sh
