#!/usr/bin/env bash
# Parses the metrics of a running server with Prometheus's Python client, and then with Prometheus itself:
# Debian's package scrapes the server and evaluates all alerts, and promtool checks both files. Nothing is
# installed: the package is unpacked into target/. SKIP_PROMETHEUS=1 skips the second half.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/rig.sh
as_root() { if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi; }
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

if [ "${SKIP_PROMETHEUS:-}" = 1 ]; then
  echo "skipped by SKIP_PROMETHEUS: Prometheus itself" >&2
  [ -z "${DOORWARD_SKIPPED:-}" ] || echo "the metrics and alerts in Prometheus itself" >>"$DOORWARD_SKIPPED"
  exit 0
fi
prometheus=$PWD/target/prometheus
if [ ! -x "$prometheus/usr/bin/promtool" ]; then
  mkdir -p "$prometheus"
  (cd "$prometheus" && { apt-get download prometheus || { as_root apt-get update -qq && apt-get download prometheus; }; } >/dev/null 2>&1 &&
    dpkg -x prometheus_*.deb . && rm prometheus_*.deb) ||
    { echo "Debian's Prometheus package is not available: SKIP_PROMETHEUS=1 skips it" >&2; exit 1; }
fi
PATH=$prometheus/usr/bin:$PATH
promtool --version | head -1
cat >"$work/prometheus.yml" <<END
global: { scrape_interval: 1s, evaluation_interval: 1s }
rule_files: [$PWD/deploy/prometheus/doorward.rules.yml]
scrape_configs:
  - job_name: doorward
    static_configs: [{ targets: ["127.0.0.1:$metrics"] }]
END
promtool check config "$work/prometheus.yml"
own=$(free_port)
prometheus --config.file="$work/prometheus.yml" --storage.tsdb.path="$work/tsdb" --log.level=warn \
  --web.listen-address="127.0.0.1:$own" 2>"$work/prometheus.log" &
running+=($!)
answers "http://127.0.0.1:$own/-/ready" "$!" "$work/prometheus.log"
api() { curl -fs --get "http://127.0.0.1:$own/api/v1/$1" "${@:2}"; }
seen() {
  api targets | jq -e '.data.activeTargets | length == 1 and all(.health == "up" and .lastError == "")' &&
    api rules | jq -e '[.data.groups[].rules[]] | length > 10 and all(.health == "ok")' &&
    api query --data-urlencode 'query=doorward_build_info' | jq -e '.data.result[0].value[1] == "1"' &&
    api query --data-urlencode 'query=sum(doorward_sign_ins_total{outcome="failure"})' | jq -e '.data.result[0].value[1] == "2"'
} >/dev/null
for _ in $(seq 60); do seen && break; sleep 0.5; done
seen || { api targets >&2; api rules >&2; cat "$work/prometheus.log" >&2; exit 1; }
api alerts | jq -e '[.data.alerts[] | select(.state == "firing")] == []' >/dev/null
echo "Prometheus scrapes it, and evaluates $(api rules | jq '[.data.groups[].rules[]] | length') alerts; none fires."
