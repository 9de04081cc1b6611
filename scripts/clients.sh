#!/usr/bin/env bash
# Tests the TypeScript client: built, packed, and used in Node and in the tabs of a headless Chromium against a
# real server. SKIP_CHROMIUM=1 skips the browser. Builds the binary unless DOORWARD_BIN names one; packages are
# kept in target/clients.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/rig.sh

source=$PWD/clients/typescript
built=$PWD/target/clients/package
app=$PWD/target/clients/app
node_packages "$built" "$source"
rm -rf "$built"/{src,dist} "$app"
cp -r "$source"/{src,tsconfig.json,README.md} "$built"
(cd "$built" && node node_modules/typescript/bin/tsc -p tsconfig.json && npm pack --silent --ignore-scripts >/dev/null)

# The tests use what people install: what was packed, which needs no other package.
mkdir -p "$app/node_modules/doorward-client"
tar -xzf "$built"/doorward-client-*.tgz -C "$app/node_modules/doorward-client" --strip-components 1
[ "$(node -p 'Object.keys(require(process.argv[1]).dependencies ?? {}).length' "$app/node_modules/doorward-client/package.json")" = 0 ]
ln -s "$built"/node_modules/* "$app/node_modules"
cp -r "$source/tests" "$app"
cd "$app"

node --test tests/node.test.mjs tests/readme.test.mjs
if [ "${SKIP_CHROMIUM:-}" = 1 ]; then
  echo "skipped by SKIP_CHROMIUM: the client in the tabs of a browser" >&2
else
  CHROMIUM=$(command -v chromium || command -v chromium-browser || command -v google-chrome) ||
    { echo "the client's tests need Chromium: install it, or set SKIP_CHROMIUM=1" >&2; exit 1; }
  export CHROMIUM
  node --test tests/browser.test.mjs
fi
