#!/usr/bin/env bash
# Sends spans of a build with the feature `otlp` to a small collector that parses them with OpenTelemetry's own
# definition. Not part of test.sh, because it builds the server again.
set -euo pipefail
cd "$(dirname "$0")/.."
cargo build --quiet --locked -p doorward --features otlp
export DOORWARD_BIN=$PWD/target/debug/doorward
. scripts/rig.sh
python_packages target/traces tests/traces/requirements.txt

port=$(free_port) collector=$(free_port)
DATABASE_URL=sqlite:$work/doorward.db BETTER_AUTH_SECRET=$(new_secret) \
  OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:$collector \
  "$DOORWARD_BIN" serve --migrate --port "$port" 2>"$work/log" &
running+=($!)
# By a socket: a request would be a span.
for _ in $(seq 300); do (: <"/dev/tcp/127.0.0.1/$port") 2>/dev/null && break; sleep 0.1; done
target/traces/bin/python tests/traces/check.py "http://127.0.0.1:$port" "$collector" || { cat "$work/log" >&2; exit 1; }
