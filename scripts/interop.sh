#!/usr/bin/env bash
# Checks against other people's programs: PyJWT, python-jose, joserfc, FastAPI, and npm's jose in
# Express, Hono and Next.js read the tokens of a running server, by the shared secret and by the
# published keys; so does Go, where it is installed. The server takes those of a real Better Auth
# server, and accounts with the hashes of passlib, Django, Werkzeug, Better Auth, Lucia and Firebase sign
# in. Builds the binary unless DOORWARD_BIN names one; the packages live in target/interop….
set -euo pipefail
cd "$(dirname "$0")/.."

if [ -z "${DOORWARD_BIN:-}" ]; then
  cargo build --quiet --locked
  DOORWARD_BIN=$PWD/target/debug/doorward
fi

venv=$PWD/target/interop
wanted=tests/interop/requirements.txt
if ! cmp -s "$wanted" "$venv/installed.txt"; then
  rm -rf "$venv"
  python3 -m venv "$venv"
  "$venv/bin/pip" install --quiet --disable-pip-version-check -r "$wanted"
  cp "$wanted" "$venv/installed.txt"
fi

# Next.js and Better Auth need a younger Node than some systems have.
if ! command -v npm >/dev/null || ! node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 9) ? 0 : 1)' 2>/dev/null; then
  "$venv/bin/pip" install --quiet --disable-pip-version-check -r tests/interop/node.txt
  export PATH=$venv/bin:$PATH
fi
work=$(mktemp -d)
server=
# What the caller's shell holds for a server or a verifier of its own.
alone=(env -u DATABASE_URL -u DOORWARD_SECRET -u DOORWARD_AUDIENCE -u DOORWARD_ISSUER
  -u TOKEN_AUDIENCE -u TOKEN_ISSUER -u PUBLIC_URL -u PREVIOUS_SECRETS)
finish() {
  [ -z "$server" ] || kill "$server" 2>/dev/null || true
  rm -rf "$work"
}
trap finish EXIT

port=$("$venv/bin/python" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
secret=$("$venv/bin/python" -c 'import secrets; print(secrets.token_urlsafe(48))')
(cd "$work" && exec "${alone[@]}" BETTER_AUTH_SECRET="$secret" RATE_LIMIT_LOGIN=off "$DOORWARD_BIN" dev --port "$port" >"$work/log" 2>&1) &
server=$!
for _ in $(seq 100); do
  curl -fsS -o /dev/null "http://127.0.0.1:$port/livez" 2>/dev/null && break
  kill -0 "$server" 2>/dev/null || { cat "$work/log" >&2; exit 1; }
  sleep 0.1
done

DOORWARD_URL="http://127.0.0.1:$port" DOORWARD_SECRET="$secret" "$venv/bin/python" tests/interop/tokens.py

hashes=$PWD/target/interop-hashes
mkdir -p "$hashes"
if ! cmp -s tests/interop/hashes/package-lock.json "$hashes/installed.json"; then
  cp tests/interop/hashes/package.json tests/interop/hashes/package-lock.json "$hashes"
  npm ci --prefix "$hashes" --loglevel error --no-audit --no-fund --ignore-scripts >/dev/null
  cp "$hashes/package-lock.json" "$hashes/installed.json"
fi
cp tests/interop/hashes/make.mjs "$hashes"
DOORWARD_URL="http://127.0.0.1:$port" DOORWARD_SECRET="$secret" DOORWARD_BIN="$DOORWARD_BIN" \
  DOORWARD_DB="sqlite:$work/.doorward/doorward.db" DOORWARD_WORK="$work" DOORWARD_NODE="$hashes" \
  "$venv/bin/python" tests/interop/hashes/check.py
kill "$server" && wait "$server" || true
server=

node=$PWD/target/interop-node
mkdir -p "$node/app/whoami"
if ! cmp -s tests/interop/node/package-lock.json "$node/installed.json"; then
  cp tests/interop/node/package.json tests/interop/node/package-lock.json "$node"
  npm ci --prefix "$node" --loglevel error --no-audit --no-fund --ignore-scripts >/dev/null
  cp "$node/package-lock.json" "$node/installed.json"
fi
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

DOORWARD_BIN=$DOORWARD_BIN ./scripts/better-auth.sh
