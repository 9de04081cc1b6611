#!/usr/bin/env bash
# Generates clients from the contract of a running server and runs them: openapi-typescript with openapi-fetch,
# hey-api, orval, openapi-python-client, datamodel-code-generator. Each registers, signs in, refreshes,
# introspects, revokes, uses a task and reads a typed error. The types of our own TypeScript client are compared
# with those of openapi-typescript. Builds the binary unless DOORWARD_BIN names one; packages are kept in
# target/generators.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/rig.sh

here=$PWD
home=$PWD/target/generators
python_packages "$home/venv" tests/generators/requirements.txt
node_packages "$home/node" tests/generators
PATH=$home/node/node_modules/.bin:$home/venv/bin:$PATH

cd "$work"
export PORT DOORWARD_URL DATABASE_URL=sqlite:generators.db BETTER_AUTH_SECRET RUST_LOG=warn
PORT=$(free_port)
BETTER_AUTH_SECRET=$(new_secret)
DOORWARD_URL=http://127.0.0.1:$PORT
"$DOORWARD_BIN" db migrate >/dev/null 2>&1
echo 'violet kettle drum 41' | "$DOORWARD_BIN" user create root@example.com --password-stdin >/dev/null
"$DOORWARD_BIN" role grant root@example.com admin >/dev/null
"$DOORWARD_BIN" serve >log 2>&1 &
running=($!)
answers "$DOORWARD_URL/livez" "${running[0]}" log
curl -fsS "$DOORWARD_URL/openapi.json" -o openapi.json

# Says what it printed if it fails.
quietly() { "$@" >printed 2>&1 || { cat printed >&2; echo "failed: $*" >&2; exit 1; }; }

cp "$here"/tests/generators/*.{ts,py} "$here"/tests/generators/tsconfig.json .
cp "$here"/clients/typescript/src/contract.ts ours.ts
ln -s "$home/node/node_modules" node_modules
quietly openapi-typescript openapi.json -o fetch/schema.d.ts
quietly openapi-ts -i openapi.json -o hey
echo "export default { doorward: { input: './openapi.json',
  output: { target: 'orval/api.ts', client: 'fetch', baseUrl: '$DOORWARD_URL' } } };" >orval.config.mjs
quietly orval --config orval.config.mjs
quietly openapi-python-client generate --path openapi.json --output-path doorward_client --meta none --fail-on-warning
quietly datamodel-codegen --input openapi.json --input-file-type openapi --output doorward_models.py \
  --output-model-type pydantic_v2.BaseModel --formatters builtin

# Identical, not merely assignable, or the line does not compile.
{
  echo "import type { components } from './fetch/schema';"
  echo "import type * as ours from './ours';"
  echo "type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : never;"
  jq -r '.components.schemas | keys[] | "export const is\(.): Same<components[\"schemas\"][\"\(.)\"], ours.\(.)> = true;"' openapi.json
} >same.ts
quietly tsc -p tsconfig.json
for program in openapi-fetch hey-api orval; do node "out/$program.js"; done
for program in python_client datamodel; do "$home/venv/bin/python" -W error::DeprecationWarning "$program.py"; done
