#!/usr/bin/env bash
# Runs Doorward for half an hour (SOAK_MINUTES), half of it on SQLite and half on PostgreSQL, while SOAK_CLIENTS
# (16) write. In the first 40% of each half, the server is killed with SIGKILL and PostgreSQL is restarted (fast
# and immediate) repeatedly; after that, memory, open files and the 99th percentile must stay flat. At the end,
# everything that was confirmed must be there. Prints figures and fails if a guarantee is broken. Runs the binary
# in DOORWARD_BIN, otherwise a release build; MEASURE_BIN likewise.
set -euo pipefail
cd "$(dirname "$0")/.."
if [ -z "${DOORWARD_BIN:-}" ]; then
  cargo build --release --locked
  DOORWARD_BIN=$PWD/target/release/doorward
fi
. scripts/rig.sh
if [ -z "${MEASURE_BIN:-}" ]; then
  cargo build --locked -p doorward --example measure
  MEASURE_BIN=$PWD/target/debug/examples/measure
fi
seconds=$((${SOAK_MINUTES:-30} * 60 / 2))
clients=${SOAK_CLIENTS:-16}
export RATE_LIMIT_LOGIN=off RATE_LIMIT_REGISTER=off RATE_LIMIT_AUTH=off BETTER_AUTH_SECRET LOG_FORMAT=json
BETTER_AUTH_SECRET=$(new_secret)

# serve URL PORT: starts it, and says in $work/process which process it is.
serve() {
  (cd "$work" && DATABASE_URL=$1 PORT=$2 exec "$DOORWARD_BIN" serve --migrate) >>"$work/serve.log" 2>&1 &
  running=($!)
  echo "${running[0]}" >"$work/process"
  answers "http://127.0.0.1:$2/readyz" "${running[0]}" "$work/serve.log"
}

# soak ENGINE URL
soak() {
  local engine=$1 url=$2 port kills=0 restarts=0 mode began
  port=$(free_port)
  serve "$url" "$port"
  printf '\n## %s: %s s, %s clients\n\n' "$engine" "$seconds" "$clients"
  "$MEASURE_BIN" soak "$port" "$work/process" "$clients" "$seconds" >"$work/figures" 2>&1 &
  local client=$!
  began=$SECONDS
  # A pause less than the faults have, so that the last one is over when the quiet time begins.
  while sleep $((seconds / 25 + 2)); [ $((SECONDS - began)) -lt $((seconds * 2 / 5 - 3)) ]; do
    if [ "$engine" = PostgreSQL ] && [ $(((kills + restarts) % 2)) = 0 ]; then
      mode=$([ $((restarts % 2)) = 0 ] && echo fast || echo immediate)
      as_postgres "$pgbin/pg_ctl" -D "$work/pg" -w -m $mode restart -l "$work/pg.log" >/dev/null
      restarts=$((restarts + 1))
    else
      kill -9 "${running[0]}"
      wait "${running[0]}" 2>/dev/null || true
      serve "$url" "$port"
      kills=$((kills + 1))
    fi
  done
  local outcome=0
  wait "$client" || outcome=$?
  cat "$work/figures"
  echo "killed with SIGKILL: $kills; PostgreSQL restarted: $restarts"
  if [ "$engine" = SQLite ]; then
    end_running
    echo "integrity_check: $(sqlite3 "$work/soak.db" 'PRAGMA integrity_check')"
  else
    end_running
  fi
  ! grep -q '"level":"ERROR".*panicked' "$work/serve.log" || { echo "the server panicked" >&2; outcome=1; }
  [ "$outcome" = 0 ] || { tail -5 "$work/serve.log" >&2; exit 1; }
}

echo "# Soak: $("$DOORWARD_BIN" --version), $(nproc) cores, $(uname -sr), load $(cut -d' ' -f1 /proc/loadavg)"
soak SQLite "sqlite:$work/soak.db"
start_postgres
soak PostgreSQL "$(database soak)"
printf '\nNothing acknowledged was lost; memory, open files and the 99th percentile are flat.\n'
