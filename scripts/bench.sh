#!/usr/bin/env bash
# Prints the performance table: each figure beside the limit it is held against, measured in turn in
# the same run. ROUNDS (3) and SECONDS_EACH (5) can be set; `--write` also replaces docs/performance.md.
# `--against BINARY` measures another build of doorward in turn with this one, and nothing else: what a
# change costs.
set -euo pipefail
cd "$(dirname "$0")/.."

rounds=${ROUNDS:-3} each=${SECONDS_EACH:-5} clients=64
write=false other=""
usage() { echo "usage: scripts/bench.sh [--write] | --against BINARY" >&2; exit 2; }
while [ $# -gt 0 ]; do
  case $1 in
    --write) write=true ;;
    --against) [ -x "${2:-}" ] || usage; other=$(realpath "$2"); shift ;;
    *) usage ;;
  esac
  shift
done

need() { command -v "$1" >/dev/null 2>&1 || compgen -G "/usr/lib/postgresql/*/bin/$1" >/dev/null; }
missing=()
need wrk || missing+=(wrk)
need initdb || missing+=(postgresql)
need sqlite3 || missing+=(sqlite3)
need pgbench || missing+=(postgresql-contrib)
need pkg-config || missing+=(pkg-config)
need openssl || missing+=(openssl)
if [ ${#missing[@]} -gt 0 ]; then
  sudo=""; [ "$(id -u)" -eq 0 ] || sudo=sudo
  $sudo apt-get update -qq && DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq "${missing[@]}" >/dev/null
fi
pgbin=$(pg_config --bindir 2>/dev/null || true)
[ -x "$pgbin/initdb" ] || pgbin=$(ls -d /usr/lib/postgresql/*/bin | sort -V | tail -1)

# Debian 12's does not track the prepared statements that pgbench uses.
pgbouncer=$(./scripts/pgbouncer.sh)
# One by one: what measures may ask its libraries for more than what is measured.
cargo build --release --locked --quiet --example measure
cargo build --release --locked --quiet --bin doorward
doorward=$PWD/target/release/doorward measure=$PWD/target/release/examples/measure

work=$(mktemp -d); chmod 755 "$work"
pids=()
user=""
if [ "$(id -u)" -eq 0 ]; then user=postgres; chown postgres "$work"; fi
as() { if [ -n "$user" ]; then setpriv --reuid="$user" --regid="$(id -g "$user")" --clear-groups "$@"; else "$@"; fi; }
finish() {
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
  (cd / && as "$pgbin/pg_ctl" -D "$work/pg" -m immediate stop >/dev/null 2>&1) || true
  rm -rf "$work"
}
trap finish EXIT
trap 'echo "scripts/bench.sh: line $LINENO failed" >&2; cat "$work"/*.log 2>/dev/null | tail -20 >&2' ERR
port() { python3 -c 'import socket; s=socket.socket(); s.bind(("127.0.0.1",0)); print(s.getsockname()[1])'; }
median() { sort -g | awk '{a[NR]=$1} END {print (NR%2) ? a[(NR+1)/2] : (a[NR/2]+a[NR/2+1])/2}'; }
spread() { sort -g | awk 'NR==1{low=$1} {high=$1} END {printf "%.0f–%.0f", low, high}'; }
ratio() { awk -v a="$1" -v b="$2" 'BEGIN {printf "%.2f", (b > 0) ? a / b : 0}'; }
value() { awk -v name="$1" '$1 == name {print $2}'; }
note() { printf '%s\n' "$*" >&2; }
rows=()
# row WHAT OURS LIMIT RATIO TARGET SPREAD
row() { rows+=("| $1 | $2 | $3 | $4 | $5 | $6 |"); note "${rows[-1]}"; }

# --- the two databases, with the documented defaults of each
pgport=$(port)
(cd / && as "$pgbin/initdb" -D "$work/pg" -U postgres -A trust --no-locale -E UTF8 >/dev/null)
printf "port=%s\nlisten_addresses='127.0.0.1'\nunix_socket_directories='%s'\nmax_connections=300\nshared_buffers='256MB'\n" \
  "$pgport" "$work" >"$work/conf"
cat "$work/conf" >>"$work/pg/postgresql.conf"
(cd / && as "$pgbin/pg_ctl" -D "$work/pg" -w -l "$work/pg.log" start >/dev/null)
sql() { psql -h 127.0.0.1 -p "$pgport" -U postgres -d bench -v ON_ERROR_STOP=1 -qAt "$@"; }
psql -h 127.0.0.1 -p "$pgport" -U postgres -qc 'CREATE DATABASE bench'
pgurl=postgresql://postgres@127.0.0.1:$pgport/bench
liteurl=sqlite:$work/bench.db
export BETTER_AUTH_SECRET=benchmark-secret-f1c0a2d94be84cf0b7 RUST_LOG=warn
for url in "$pgurl" "$liteurl"; do DATABASE_URL=$url "$doorward" db migrate >/dev/null 2>&1; done

# start URL → sets $base, $serving
start() {
  local port; port=$(port)
  (cd "$work" && DATABASE_URL=$1 PORT=$port RATE_LIMIT_LOGIN=${LIMIT:-1000000/1m} RATE_LIMIT_REGISTER=1000000/1m RATE_LIMIT_REFRESH=off RATE_LIMIT_AUTH=off LOGIN_MAX_FAILURES=20 exec "$doorward" serve) >>"$work/server.log" 2>&1 &
  serving=$!; pids+=($serving); at=$port; base=http://127.0.0.1:$port
  for _ in $(seq 400); do curl -fs -o /dev/null "$base/livez" && return 0; sleep 0.02; done
  cat "$work/server.log" >&2; exit 1
}
stop() { kill "$serving" 2>/dev/null || true; wait "$serving" 2>/dev/null || true; }
post() { curl -fsS -H 'content-type: application/json' "${@:3}" -d "$2" "$1"; }
field() { python3 -c "import json,sys; print(json.load(sys.stdin)['$1'])"; }
password='correct horse battery staple'
rps() { wrk -t2 -c$clients -d"${each}s" -H "Authorization: Bearer $1" "${@:3}" "$2" | awk '/Requests\/sec/ {print $2} /Non-2xx/ {print "failed requests: " $0 > "/dev/stderr"}'; }

# sign in the first user, with 20 tasks; sets $token $owner $task
prepare() {
  post "$base/auth/register" "{\"email\":\"user0@example.com\",\"password\":\"$password\"}" >/dev/null
  token=$(post "$base/auth/login" "{\"email\":\"user0@example.com\",\"password\":\"$password\"}" | field access_token)
  owner=$(curl -fsS -H "Authorization: Bearer $token" "$base/auth/me" | field id)
  local n
  for n in $(seq 20); do
    task=$(post "$base/api/tasks" "{\"title\":\"Task $n\",\"description\":\"A description of ordinary length for a task\"}" -H "Authorization: Bearer $token" | field id)
  done
}
columns="id, user_id, title, description, completed, completed_at, priority, due_at, version, created_at, updated_at"
pgb() { PGOPTIONS= pgbench -h 127.0.0.1 -p "${3:-$pgport}" -U postgres -n -M prepared -c $clients -j 2 -T "$each" -D "task=$task" -D "owner=$owner" -f "$1" ${2:-} bench 2>"$work/pgbench.log" | awk '/^tps/ {print $3}'; }
pgb_tls() { PGSSLMODE=require pgb "$@"; }
printf 'SELECT %s FROM tasks WHERE user_id = (:owner)::uuid AND id = (:task)::uuid;\n' "$columns" >"$work/get.sql"
# What a list shows.
shown="id, user_id, title, description, completed, completed_at, priority, due_at, tags, metadata, created_at, updated_at"
printf 'SELECT %s FROM tasks WHERE user_id = (:owner)::uuid ORDER BY created_at, id LIMIT 20;\n' "$shown" >"$work/list.sql"
cat >"$work/insert.sql" <<SQL
INSERT INTO tasks (id, user_id, title, description, completed, completed_at, priority, due_at, due_sort, title_search, version, created_at, updated_at)
SELECT gen_random_uuid(), (:owner)::uuid, 'Buy milk', NULL, FALSE, NULL, 0, NULL, '9999-12-31', 'buy milk', 1, now(), now();
SQL
cat >"$work/post.lua" <<'LUA'
wrk.method = "POST"
wrk.body = '{"title":"Buy milk"}'
wrk.headers["Content-Type"] = "application/json"
LUA

# spent: ticks that the server, the database and everything here have used so far
spent() {
  local server=$serving master=0 db=0
  server=$(awk '{print $14 + $15}' "/proc/$serving/stat" 2>/dev/null || echo 0)
  master=$(head -1 "$work/pg/postmaster.pid" 2>/dev/null || echo 0)
  db=$(cat "/proc/$master/stat" $(pgrep -P "$master" | sed 's|.*|/proc/&/stat|') 2>/dev/null | awk -v m="$master" '{sub(/\(.*\)/, "x"); t += $14 + $15; if ($1 == m) t += $16 + $17} END {print t + 0}')
  echo "$server $db $(awk '/^cpu / {print $2 + $3 + $4 + $7 + $8}' /proc/stat) $(date +%s.%N)"
}
# cores BEFORE AFTER…: how many cores each had busy between these, pair by pair
cores() {
  printf '%s\n' "$@" | awk 'NR % 2 {split($0, b); next} {split($0, a); t += a[4] - b[4]; s += a[1] - b[1]; d += a[2] - b[2]; all += a[3] - b[3]}
    END {t *= 100; if (t > 0) printf "cores: server %.2f, database %.2f, load %.2f", s / t, d / t, (all - s - d) / t}'
}
# pair WHAT TARGET OURS... -- LIMIT...: alternates the two, prints the ratio of medians
pair() {
  local what=$1 target=$2; shift 2
  local ours=() limit=(); while [ "$1" != -- ]; do ours+=("$1"); shift; done; shift; limit=("$@")
  local a=() b=() n
  local ticks=()
  for n in $(seq "$rounds"); do
    ticks+=("$(spent)"); a+=("$("${ours[@]}")"); ticks+=("$(spent)")
    b+=("$("${limit[@]}")")
  done
  local ma mb; ma=$(printf '%s\n' "${a[@]}" | median); mb=$(printf '%s\n' "${b[@]}" | median)
  last=$ma
  row "$what" "$(printf %.0f "$ma")/s" "$(printf %.0f "$mb")/s" "$(ratio "$ma" "$mb")" "$target" "$(printf '%s\n' "${a[@]}" | spread) against $(printf '%s\n' "${b[@]}" | spread); $(cores "${ticks[@]}")"
}
# What one user's worst searches cost the others: 2000 tasks of 10 000 letters, looked through for what is
# in none of them, four times at once without a pause.
# others ENGINE: the same reads of another user, with and without that
others() {
  local insert letters needle worst
  letters=$(printf 'a%.0s' $(seq 10000)) needle=$(printf 'a%.0s' $(seq 199))b
  insert="INSERT INTO tasks (id, user_id, title, description, completed, priority, due_sort, title_search, description_search, version, created_at, updated_at)"
  post "$base/auth/register" "{\"email\":\"searches@example.com\",\"password\":\"$password\"}" >/dev/null
  worst=$(post "$base/auth/login" "{\"email\":\"searches@example.com\",\"password\":\"$password\"}" | field access_token)
  if [ "$1" = SQLite ]; then
    sqlite3 "$work/bench.db" >/dev/null <<SQL
PRAGMA busy_timeout = 5000;
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000)
$insert SELECT '00000000-0000-7000-b000-' || substr('000000000000' || n.i, -12), u.id, 'long', '$letters', 0, 0, '9999-12-31T23:59:59.999999Z', 'long', '$letters', 1, u.created_at, u.created_at FROM n, users u WHERE u.email_key = 'searches@example.com';
SQL
  else
    sql <<SQL
$insert SELECT ('00000000-0000-7000-b000-' || lpad(n.i::text, 12, '0'))::uuid, u.id, 'long', '$letters', FALSE, 0, '9999-12-31', 'long', '$letters', 1, now(), now() FROM generate_series(1, 2000) AS n(i), users u WHERE u.email_key = 'searches@example.com';
SQL
  fi
  beside() {
    wrk -t1 -c4 -d"${each}s" -H "Authorization: Bearer $worst" "$base/api/tasks?q=$needle" >/dev/null &
    local searching=$!
    rps "$token" "$base/auth/me"
    wait "$searching"
  }
  pair "GET /auth/me, $1, while another user searches 20 MB four times at once, against the same alone" '≥ 0.5' beside -- rps "$token" "$base/auth/me"
}
rss() { awk '/^VmRSS/ {printf "%.1f", $2 / 1024}' "/proc/$1/status"; }
# ready BINARY: milliseconds from its start to its first 200
ready() {
  local p; p=$(port)
  (cd "$work" && DATABASE_URL=$liteurl PORT=$p python3 - "$1" "$p" <<'PY'
import socket, subprocess, sys, time
begin = time.perf_counter()
server = subprocess.Popen([sys.argv[1], "serve"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
while True:
    try:
        s = socket.create_connection(("127.0.0.1", int(sys.argv[2])))
        s.sendall(b"GET /readyz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        if b" 200 " in s.recv(100): break
    except OSError:
        pass
    time.sleep(0.0005)
print((time.perf_counter() - begin) * 1000)
server.kill()
PY
  )
}

# --- this build and another, in turn, each on databases of its own
if [ -n "$other" ]; then
  this=$doorward
  refreshed() { "$measure" refresh "$1" $clients "$each" | value per_second; }
  signed_in() { "$measure" login "$1" $clients 8 "$each" | value per_second; }
  for engine in PostgreSQL SQLite; do
    for build in this other; do
      doorward=${!build}
      if [ $engine = SQLite ]; then url=sqlite:$work/$build.db; else
        psql -h 127.0.0.1 -p "$pgport" -U postgres -qc "CREATE DATABASE of_$build"
        url=postgresql://postgres@127.0.0.1:$pgport/of_$build
      fi
      DATABASE_URL=$url "$doorward" db migrate >/dev/null 2>&1
      start "$url"; prepare
      eval "${build}_pid=$serving ${build}_at=$at ${build}_idle=$(rss "$serving") ${build}_token=$token ${build}_task=$task"
    done
    theirs=http://127.0.0.1:$other_at ours=http://127.0.0.1:$this_at
    reads() { pair "$1, $engine, against the other build" '≥ 0.97' rps "$this_token" "$ours$2" -- rps "$other_token" "$theirs${3:-$2}"; }
    reads 'GET /auth/me' /auth/me
    reads 'GET /api/tasks/{id}' "/api/tasks/$this_task" "/api/tasks/$other_task"
    reads 'GET /api/tasks (20 rows)' '/api/tasks?limit=20'
    pair "POST /api/tasks, $engine, against the other build" '≥ 0.97' rps "$this_token" "$ours/api/tasks" -s "$work/post.lua" -- rps "$other_token" "$theirs/api/tasks" -s "$work/post.lua"
    for base in "$ours" "$theirs"; do
      for n in $(seq $((clients - 1))); do post "$base/auth/register" "{\"email\":\"user$n@example.com\",\"password\":\"$password\"}" >/dev/null; done
    done
    for at in "$this_at" "$other_at"; do refreshed "$at" >/dev/null; done
    alone() { wrk -t1 -c1 -d"${each}s" -H "Authorization: Bearer $1" -s "$work/post.lua" "$2/api/tasks" | awk '/Requests\/sec/ {print $2}'; }
    pair "POST /api/tasks by one connection alone, $engine, against the other build" '≥ 0.97' alone "$this_token" "$ours" -- alone "$other_token" "$theirs"
    pair "POST /auth/refresh, $engine, against the other build" '≥ 0.97' refreshed "$this_at" -- refreshed "$other_at"
    pair "POST /auth/login, $engine, against the other build" '≥ 0.97' signed_in "$this_at" -- signed_in "$other_at"
    row "memory idle after first requests, $engine" "$this_idle MiB" "$other_idle MiB" "$(ratio "$this_idle" "$other_idle")" '≤ 1.03' ''
    row "memory after all of this, $engine" "$(rss "$this_pid") MiB" "$(rss "$other_pid") MiB" "$(ratio "$(rss "$this_pid")" "$(rss "$other_pid")")" '' ''
    kill "$this_pid" "$other_pid"; wait "$this_pid" "$other_pid" 2>/dev/null || true
  done
  a=() b=()
  for _ in $(seq 9); do liteurl=sqlite:$work/this.db; a+=("$(ready "$this")"); liteurl=sqlite:$work/other.db; b+=("$(ready "$other")"); done
  ma=$(printf '%s\n' "${a[@]}" | median) mb=$(printf '%s\n' "${b[@]}" | median)
  row 'start to first 200 (existing SQLite database)' "$(printf %.0f "$ma") ms" "$(printf %.0f "$mb") ms" "$(ratio "$ma" "$mb")" '' "$(printf '%s\n' "${a[@]}" | spread) against $(printf '%s\n' "${b[@]}" | spread) ms"
  echo; echo "| what | this build | the other | ratio | target | spread |"; echo "| --- | --- | --- | --- | --- | --- |"; printf '%s\n' "${rows[@]}"
  exit 0
fi

# --- PostgreSQL
note "PostgreSQL …"
start "$pgurl"; idle_pg=$(rss $serving); prepare
pair 'GET /api/tasks/{id}, PostgreSQL' '≥ 0.55' rps "$token" "$base/api/tasks/$task" -- pgb "$work/get.sql"
pair 'GET /api/tasks (20 rows), PostgreSQL, against pgbench selecting the same rows' '≥ 0.60' rps "$token" "$base/api/tasks?limit=20" -- pgb "$work/list.sql"
loaded_pg=$(rss $serving)
others PostgreSQL
pair 'POST /api/tasks, PostgreSQL' '≥ 0.45' rps "$token" "$base/api/tasks" -s "$work/post.lua" -- pgb "$work/insert.sql"
stop
delayport=$(port); "$measure" delay "$delayport" "$pgport" 2500 & delaying=$!; pids+=($delaying); sleep 0.2
start "postgresql://postgres@127.0.0.1:$delayport/bench"
pair 'GET /api/tasks/{id}, database 5 ms away, against pgbench through the same distance' '≥ 0.9' rps "$token" "$base/api/tasks/$task" -- pgb "$work/get.sql" '' "$delayport"
stop; kill $delaying
# the same through TLS and through PgBouncer, each held against pgbench on the same way
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost -addext 'subjectAltName=DNS:localhost,IP:127.0.0.1' \
  -keyout "$work/tls.key" -out "$work/tls.crt" >/dev/null 2>&1
[ -z "$user" ] || chown "$user" "$work/tls.key" "$work/tls.crt"
chmod 600 "$work/tls.key"
sql -c "ALTER SYSTEM SET ssl_cert_file = '$work/tls.crt'" -c "ALTER SYSTEM SET ssl_key_file = '$work/tls.key'" -c 'ALTER SYSTEM SET ssl = on'
sql -c 'SELECT pg_reload_conf()' >/dev/null; sleep 0.5
start "postgresql://postgres@localhost:$pgport/bench?sslmode=verify-full&sslrootcert=$work/tls.crt"
pair 'GET /api/tasks/{id}, PostgreSQL through TLS, against pgbench through TLS' '≥ 0.55' rps "$token" "$base/api/tasks/$task" -- pgb_tls "$work/get.sql"
stop
sql -c 'ALTER SYSTEM SET ssl = off' -c 'SELECT pg_reload_conf()' >/dev/null
poolport=$(port)
printf '[databases]\n* = host=127.0.0.1 port=%s user=postgres\n[pgbouncer]\nlisten_addr=127.0.0.1\nlisten_port=%s\nauth_type=any\npool_mode=transaction\ndefault_pool_size=64\nmax_client_conn=500\nmax_prepared_statements=200\nunix_socket_dir=\nlogfile=%s/pgbouncer.log\n' "$pgport" "$poolport" "$work" >"$work/pgbouncer.ini"
[ -z "$user" ] || chown "$user" "$work/pgbouncer.ini"
as "$pgbouncer" -q "$work/pgbouncer.ini" 2>/dev/null & pooling=$!; pids+=($pooling); sleep 0.5
start "postgresql://postgres@127.0.0.1:$poolport/bench"
pair 'GET /api/tasks/{id}, PostgreSQL behind PgBouncer, against pgbench behind PgBouncer' '≥ 0.55' rps "$token" "$base/api/tasks/$task" -- pgb "$work/get.sql" '' "$poolport"
stop; kill $pooling

# what limits and permissions cost: the same read with every limit on and with all off
export RATE_LIMIT_API=off; start "$pgurl"; all_off=$base
all_off_pid=$serving; export RATE_LIMIT_API=1000000/1s RATE_LIMIT_API_KEY=1000000/1s; start "$pgurl"; unset RATE_LIMIT_API
pair 'the same get with the limit of its route group on, against off' '≥ 0.95' rps "$token" "$base/api/tasks/$task" -- rps "$token" "$all_off/api/tasks/$task"
# by_key URL ENGINE: the same read with an API key of the same user
by_key() {
  local key; key=$(DATABASE_URL=$1 "$doorward" api-key create user0@example.com --name bench --scope tasks:read 2>/dev/null)
  pair "GET /api/tasks/{id} by API key, $2, against by session" '≥ 0.9' rps "$key" "$base/api/tasks/$task" -- rps "$token" "$base/api/tasks/$task"
}
by_key "$pgurl" PostgreSQL
as_admin() { DATABASE_URL=$pgurl "$doorward" "$@" >/dev/null 2>&1; }
post "$base/auth/register" "{\"email\":\"many@example.com\",\"password\":\"$password\"}" >/dev/null
as_admin role grant many@example.com admin
for n in $(seq 10); do as_admin role create "team-$n" --permission users:read; as_admin role grant many@example.com "team-$n"; done
holder=$(post "$base/auth/login" "{\"email\":\"many@example.com\",\"password\":\"$password\"}" | field access_token)
task_of_holder=$(post "$base/api/tasks" '{"title":"Task","description":"A description of ordinary length for a task"}' -H "Authorization: Bearer $holder" | field id)
pair 'the same get by the holder of twelve roles, against a plain user' '≥ 0.95' rps "$holder" "$base/api/tasks/$task_of_holder" -- rps "$token" "$base/api/tasks/$task"
pair 'GET /admin/users/{id}, which asks for a permission, against GET /auth/me' '' rps "$holder" "$base/admin/users/$owner" -- rps "$holder" "$base/auth/me"
stop; kill $all_off_pid

# --- SQLite against the floor
note "SQLite …"
start "$liteurl"; idle_lite=$(rss $serving); prepare
curl -fsS -H "Authorization: Bearer $token" "$base/api/tasks?limit=20" >"$work/page.json"
floorport=$(port); "$measure" floor "$floorport" "$BETTER_AUTH_SECRET" "$work/page.json" "$work/bench.db" & pids+=($!); sleep 0.3
floor() { rps "$token" "http://127.0.0.1:$floorport/"; }
pair 'GET /api/tasks/{id}, SQLite, against axum text + HS256' '≥ 0.45' rps "$token" "$base/api/tasks/$task" -- floor
pair 'GET /auth/me, SQLite, against axum text + HS256' '≥ 0.45' rps "$token" "$base/auth/me" -- floor
pair 'GET /api/tasks (20 rows), SQLite, against axum + HS256 answering the same bytes' '≥ 0.45' rps "$token" "$base/api/tasks?limit=20" -- rps "$token" "http://127.0.0.1:$floorport/body"
pair 'GET /api/tasks (20 rows), SQLite, against axum + HS256 reading the same rows by rusqlite, without a session' '≥ 1.0' rps "$token" "$base/api/tasks?limit=20" -- rps "$token" "http://127.0.0.1:$floorport/rows"
by_key "$liteurl" SQLite
loaded_lite=$(rss $serving)
bare_writes() { "$measure" inserts "$work/bare.db" "$1" "$2" "$each" | value per_second; }
sqlite3 "$work/bench.db" "VACUUM INTO '$work/bare.db'"
pair 'POST /api/tasks, SQLite, against a bare loop of inserts, one commit each' '' rps "$token" "$base/api/tasks" -s "$work/post.lua" -- bare_writes task NORMAL
lone() { wrk -t1 -c1 -d"${each}s" -H "Authorization: Bearer $token" -s "$work/post.lua" "$base/api/tasks" | awk '/Requests\/sec/ {print $2}'; }
pair 'the same by one connection alone' '' lone -- bare_writes task NORMAL
stop; export SQLITE_SYNCHRONOUS=full; start "$liteurl"; unset SQLITE_SYNCHRONOUS
pair 'POST /api/tasks, SQLite with SQLITE_SYNCHRONOUS=full, against the same loop' '' rps "$token" "$base/api/tasks" -s "$work/post.lua" -- bare_writes task FULL
stop; start "$liteurl"
others SQLite
plain=$base plain_pid=$serving
COMPAT=todo start "$liteurl"
pair 'GET /api/v1/tasks/{id}, an alias of COMPAT=todo, against the plain route' '≥ 0.9' rps "$token" "$base/api/v1/tasks/$task" -- rps "$token" "$plain/api/tasks/$task"
pair 'GET /api/v1/tasks?limit=20, an alias of COMPAT=todo, against the plain route' '≥ 0.9' rps "$token" "$base/api/v1/tasks?limit=20" -- rps "$token" "$plain/api/tasks?limit=20"
stop; kill $plain_pid

# --- sign-in against the bare hash loop, and under a flood
note "sign-in …"
many="WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 9999)"
uuid="'00000000-0000-7000-8000-' || substr('000000000000' || n.i, -12)"
sqlite3 "$work/bench.db" >/dev/null <<SQL
PRAGMA busy_timeout = 5000;
$many INSERT INTO users (id, email, email_key, hashed_password, is_active, created_at, updated_at)
  SELECT $uuid, 'user' || n.i || '@example.com', 'user' || n.i || '@example.com', u.hashed_password, 1, u.created_at, u.created_at FROM n, users u WHERE u.email_key = 'user0@example.com';
INSERT INTO user_roles (user_id, role) SELECT id, 'user' FROM users WHERE email_key LIKE 'user%' AND email_key <> 'user0@example.com';
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200000)
INSERT INTO tasks (id, user_id, title, completed, priority, due_sort, title_search, version, created_at, updated_at)
  SELECT '00000000-0000-7000-9000-' || substr('000000000000' || n.i, -12), '00000000-0000-7000-8000-' || substr('000000000000' || (1 + n.i % 9999), -12),
  'Task ' || n.i, 0, 0, '9999-12-31T23:59:59.999999Z', 'task ' || n.i, 1, '2026-01-01T00:00:00.000000Z', '2026-01-01T00:00:00.000000Z' FROM n;
SQL
sql <<SQL
INSERT INTO users (id, email, email_key, hashed_password, is_active, created_at, updated_at)
  SELECT ('00000000-0000-7000-8000-' || lpad(n.i::text, 12, '0'))::uuid, 'user' || n.i || '@example.com', 'user' || n.i || '@example.com', u.hashed_password, TRUE, now(), now()
  FROM generate_series(1, 9999) AS n(i), users u WHERE u.email_key = 'user0@example.com';
INSERT INTO user_roles (user_id, role) SELECT id, 'user' FROM users WHERE email_key LIKE 'user%' AND email_key <> 'user0@example.com';
INSERT INTO tasks (id, user_id, title, completed, priority, due_sort, title_search, version, created_at, updated_at)
  SELECT ('00000000-0000-7000-9000-' || lpad(n.i::text, 12, '0'))::uuid, ('00000000-0000-7000-8000-' || lpad((1 + n.i % 9999)::text, 12, '0'))::uuid,
  'Task ' || n.i, FALSE, 0, '9999-12-31', 'task ' || n.i, 1, now(), now() FROM generate_series(1, 200000) AS n(i);
ANALYZE;
SQL
sql -v clients=$clients <<'SQL'
INSERT INTO sessions (id, user_id, salt, created_at, rotated_at, last_seen_at, expires_at, max_expires_at)
  SELECT ('00000000-0000-7000-a000-' || lpad(n.i::text, 12, '0'))::uuid, u.id, 'x', now(), now(), now(), '2999-01-01', '2999-01-01'
  FROM generate_series(0, :clients - 1) AS n(i), users u WHERE u.email_key = 'user0@example.com';
SQL
cat >"$work/update.sql" <<'SQL'
UPDATE sessions SET counter = counter + 1, rotated_at = now(), last_seen_at = now() WHERE id = ('00000000-0000-7000-a000-' || lpad((:client_id)::text, 12, '0'))::uuid RETURNING counter;
SQL
start "$pgurl"
refreshes() { "$measure" refresh "$at" $clients "$each" | value per_second; }
refreshes >/dev/null
pair 'POST /auth/refresh, PostgreSQL, against pgbench updating one session row' '≥ 0.4' refreshes -- pgb "$work/update.sql"
stop
for algorithm in HS256 EdDSA ES256 RS256; do
  [ $algorithm = HS256 ] || DATABASE_URL=$liteurl "$doorward" key create --algorithm $algorithm >/dev/null 2>&1
  export TOKEN_ALGORITHM=$algorithm; start "$liteurl"; unset TOKEN_ALGORITHM
  signed=$(post "$base/auth/login" "{\"email\":\"user0@example.com\",\"password\":\"$password\"}" | field access_token)
  pair "GET /auth/me, SQLite, token signed with $algorithm, against axum text + HS256" '' rps "$signed" "$base/auth/me" -- floor
  stop
done
start "$liteurl"
refreshes >/dev/null
pair 'POST /auth/refresh, SQLite, against a bare loop of updates, one commit each' '' refreshes -- bare_writes session NORMAL
logins() { "$measure" login "$at" 1000 8 "$each" | value per_second; }
bare() { "$measure" hash "$each" | value per_second; }
pair 'POST /auth/login, Argon2id, against the bare hash loop on all cores' '≥ 0.95' logins -- bare
before=$(rss $serving)
"$measure" flood "$at" 500 "$((each * 2))" "$token" "/api/tasks/$task" >"$work/flood"
row 'login flood of 500: GET /health, slowest of 99 %' "$(value health_p99_ms <"$work/flood") ms" '' '' '< 1000 ms' "$(value good <"$work/flood") signed in, $(value refused <"$work/flood") refused with 503 or 429, $(value other <"$work/flood") other"
row 'login flood of 500: protected GET, p99' "$(value read_p99_ms <"$work/flood") ms" '' '' '< 1000 ms' "memory $before → $(rss $serving) MiB"
stop

# --- 100 users at one request a second each
note "100 users …"
for engine in PostgreSQL SQLite; do
  [ $engine = SQLite ] && url=$liteurl || url=$pgurl
  start "$url"
  "$measure" mix "$at" 100 "${MIX_SECONDS:-30}" >"$work/mix"
  row "100 users, 10 000 accounts, 200 000 tasks, $engine: API p95" "$(value api_p95_ms <"$work/mix") ms" '' '' '≤ 200 ms' "p50 $(value api_p50_ms <"$work/mix"), p99 $(value api_p99_ms <"$work/mix") ms; $(value api_count <"$work/mix") answered, $(value failed <"$work/mix") failed"
  row "the same, $engine: sign-in p95" "$(value sign_in_p95_ms <"$work/mix") ms" '' '' '≤ 500 ms' "p50 $(value sign_in_p50_ms <"$work/mix") ms of $(value sign_in_count <"$work/mix")"
  stop
done

export PASSWORD_HASH=bcrypt; start "$pgurl"; unset PASSWORD_HASH
"$measure" mix "$at" 100 "${MIX_SECONDS:-30}" >"$work/mix"
row 'the same, PostgreSQL, bcrypt: sign-in p95' "$(value sign_in_p95_ms <"$work/mix") ms" '' '' '≤ 500 ms' "p50 $(value sign_in_p50_ms <"$work/mix") ms of $(value sign_in_count <"$work/mix"), $(value failed <"$work/mix") failed"
stop

# --- size and start
row 'memory idle (PostgreSQL, SQLite)' "$idle_pg, $idle_lite MiB" '' '' '≤ 25 MiB' 'resident'
row 'memory after read load (PostgreSQL, SQLite)' "$loaded_pg, $loaded_lite MiB" '' '' '≤ 40 MiB' "resident, with a hash arena of 19 MiB for each of $(nproc) cores, which the limit leaves out"
starts=()
for _ in $(seq 9); do
  p=$(port)
  starts+=("$(ready "$doorward")")
done
row 'start to first 200 (existing SQLite database)' "$(printf '%s\n' "${starts[@]}" | median | xargs printf %.0f) ms" '' '' '≤ 50 ms' "$(printf '%s\n' "${starts[@]}" | spread) ms"
row 'binary, stripped' "$(stat -c %s "$doorward" | awk '{printf "%.1f", $1 / 1048576}') MiB" '' '' '≤ 25 MiB' ''

table() {
  echo "| what | Doorward | limit in the same run | ratio | target | spread |"
  echo "| --- | --- | --- | --- | --- | --- |"
  printf '%s\n' "${rows[@]}"
}
machine() {
  echo "$(nproc) cores ($(awk -F': ' '/model name/ {print $2; exit}' /proc/cpuinfo)), $(free -g | awk '/Mem/ {print $2}') GiB, Linux $(uname -r), $("$pgbin/postgres" --version), SQLite bundled, $(rustc --version | cut -d' ' -f1,2), $("$doorward" --version), $(date -u +%F)."
  echo "$rounds rounds of $each s, ours and the limit in turn; medians, with the spread of the rounds. $clients connections from wrk -t2, pgbench -c $clients -j 2 -M prepared, everything on the same machine; PostgreSQL with fsync and synchronous_commit on."
}
echo; table; echo; machine
if $write; then
  { sed '/<!-- result -->/q' docs/performance.md; echo; machine; echo; table; } >"$work/page"
  cat "$work/page" >docs/performance.md
fi
