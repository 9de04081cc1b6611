#!/usr/bin/env bash
# Reads the metrics of a running server with the parser of Prometheus's Python client, the alerts with it, and
# with promtool where that is installed.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/rig.sh
python_packages target/metrics tests/metrics/requirements.txt

port=$(free_port) metrics=$(free_port)
url=http://127.0.0.1:$port
DATABASE_URL=sqlite:$work/doorward.db BETTER_AUTH_SECRET=$(new_secret) METRICS_LISTEN=127.0.0.1:$metrics \
  "$DOORWARD_BIN" serve --migrate --port "$port" 2>"$work/log" &
running+=($!)
answers "$url/readyz" "$!" "$work/log"

post() { curl -s -o /dev/null -H 'Content-Type: application/json' -d "$2" "$url$1"; }
post /auth/register '{"email":"ada@example.com","password":"violet kettle drum 41"}'
post /auth/login '{"email":"ada@example.com","password":"violet kettle drum 41"}'
post /auth/login '{"email":"ada@example.com","password":"not it at all 41"}'
post /auth/login '{"email":"nobody@example.com","password":"not it at all 41"}'
for path in /nowhere /wp-login.php /metrics; do curl -s -o /dev/null "$url$path"; done

target/metrics/bin/python tests/metrics/check.py "http://127.0.0.1:$metrics/metrics"
if command -v promtool >/dev/null; then promtool check rules deploy/prometheus/doorward.rules.yml; fi
