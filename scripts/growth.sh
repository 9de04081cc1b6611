#!/usr/bin/env bash
# Measures what depends on how much is stored, on PostgreSQL and SQLite in turn: the same requests with 10 000 users and
# 200 000 tasks and with 1 000 000 and 10 000 000, the pages that each touches, the lists of administrators, pruning, and
# one user with 200 000 tasks and 5 000 sessions. Takes most of an hour and 25 GB. `--write` also replaces the second table of
# docs/performance.md. ROUNDS (3) and SECONDS_EACH (5) can be set; GROWTH_HOME=FOLDER keeps the databases there, so that
# a second run need not fill them; ENGINES=SQLite measures that alone, and
# MILLION=20000 tries the script itself.
set -euo pipefail
cd "$(dirname "$0")/.."
write=false
case ${1:-} in '') ;; --write) write=true ;; *) echo "usage: scripts/growth.sh [--write]" >&2; exit 2 ;; esac
rounds=${ROUNDS:-3} each=${SECONDS_EACH:-5} million=${MILLION:-1000000}

cargo build --release --locked --quiet --example measure
cargo build --release --locked --quiet --bin doorward
export DOORWARD_BIN=$PWD/target/release/doorward
measure=$PWD/target/release/examples/measure
# With symbols, so that gdb can count SQLite's page reads.
[ -n "${DOORWARD_WITH_SYMBOLS:-}" ] || cargo build --locked --quiet --bin doorward
with_symbols=${DOORWARD_WITH_SYMBOLS:-$PWD/target/debug/doorward}
. scripts/rig.sh
for needed in sqlite3 gdb; do
  command -v "$needed" >/dev/null || { echo "scripts/growth.sh: $needed is missing: install it." >&2; exit 1; }
done

program= home=${GROWTH_HOME:-$work}
mkdir -p "$home"; chmod 755 "$home"
pgdata=$home/pg stop_mode=fast
export PGCTLTIMEOUT=300
start_postgres fsync=on max_connections=300 "shared_buffers=${SHARED_BUFFERS:-8GB}" max_wal_size=8GB maintenance_work_mem=1GB \
  shared_preload_libraries=pg_stat_statements pg_stat_statements.track=all autovacuum=off
[ -f "$home/secret" ] || new_secret >"$home/secret"
BETTER_AUTH_SECRET=$(cat "$home/secret")
export BETTER_AUTH_SECRET RUST_LOG=warn
password='correct horse battery staple'
post() { curl -fsS -H 'content-type: application/json' "${@:3}" -d "$2" "$1"; }
field() { python3 -c "import json,sys; print(json.load(sys.stdin)['$1'])"; }
median() { sort -g | awk '{a[NR]=$1} END {print (NR%2) ? a[(NR+1)/2] : (a[NR/2]+a[NR/2+1])/2}'; }
ratio() { awk -v a="$1" -v b="$2" 'BEGIN {printf "%.2f", (b > 0) ? a / b : 0}'; }
value() { awk -v name="$1" '$1 == name {print $2}' "$2"; }
rss() { awk '/^VmHWM/ {printf "%.0f", $2 / 1024}' "/proc/$1/status"; }
note() { printf '%s\n' "$*" >&2; }
rows=()
row() { rows+=("| $1 | $2 | $3 | $4 | $5 |"); note "${rows[-1]}"; }

# serve URL [SETTING=VALUE…]: sets $at, $base and $serving
serve() {
  local url=$1; shift
  at=$(free_port) base=http://127.0.0.1:$at
  (cd "$work" && exec env DATABASE_URL="$url" PORT="$at" RATE_LIMIT_LOGIN=off RATE_LIMIT_REGISTER=off RATE_LIMIT_REFRESH=off \
    RATE_LIMIT_AUTH=off RATE_LIMIT_API=off RATE_LIMIT_ADMIN=off "$@" "${program:-$DOORWARD_BIN}" serve) >>"$work/server.log" 2>&1 &
  serving=$!; running+=($serving)
  answers "$base/readyz" "$serving" "$work/server.log"
}
stop() { kill "$1" 2>/dev/null && wait "$1" 2>/dev/null || true; }
# query URL: SQL from standard input
query() {
  case $1 in
    sqlite:*) sqlite3 -cmd '.timeout 20000' "${1#sqlite:}" ;;
    *) "$pgbin/psql" -qXAt -v ON_ERROR_STOP=1 "$1" ;;
  esac
}
url_of() { if [ "$engine" = SQLite ]; then echo "sqlite:$home/$1.db"; else echo "postgresql://postgres@127.0.0.1:$pgport/$1?sslmode=disable"; fi; }

# The SQL that differs between the two: ids, random bytes, times, a series of numbers.
speak() {
  if [ "$engine" = SQLite ]; then
    truth=1 lies=0 late="'9999-12-31T23:59:59.999999Z'" ever="'2999-01-01T00:00:00.000000Z'" past="'2020-01-01T00:00:00.000000Z'" salt='randomblob(32)'
  else
    truth=TRUE lies=FALSE late="'9999-12-31'" ever="'2999-01-01'" past="'2020-01-01'" salt='decode(md5(n.i::text) || md5(n.i::text), $$hex$$)'
  fi
}
id() { if [ "$engine" = SQLite ]; then echo "'00000000-0000-7000-$1-' || substr('000000000000' || ($2), -12)"; else echo "('00000000-0000-7000-$1-' || lpad(($2)::text, 12, '0'))::uuid"; fi; }
series() { if [ "$engine" = SQLite ]; then echo "(WITH RECURSIVE m(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM m WHERE i < $1) SELECT i FROM m) AS n"; else echo "generate_series(1, $1) AS n(i)"; fi; }
now() { if [ "$engine" = SQLite ]; then echo "strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')"; else echo 'now()'; fi; }

sessions_of() { # WHO, a user's id; HOW MANY; WHEN they end
  echo "INSERT INTO sessions (id, user_id, salt, created_at, rotated_at, last_seen_at, expires_at, max_expires_at)
    SELECT $(id "$4" n.i), $1, $salt, $5, $5, $5, $3, $3 FROM $(series "$2");"
}
tasks_of() { # WHO; HOW MANY; a word for the ids
  echo "INSERT INTO tasks (id, user_id, title, completed, priority, due_sort, title_search, version, created_at, updated_at)
    SELECT $(id "$3" 'n.i - 1'), $1, 'Task ' || n.i, $lies, 0, $late, 'task ' || n.i, 1, $(now), $(now) FROM $(series "$2");"
}
# fill NAME USERS TASKS SESSIONS AUDIT WHEN: users 1…USERS, sessions, records and tasks that belong to them in turn
fill() {
  local url; url=$(url_of "$1")
  [ ! -f "$home/$engine.$1.filled" ] || return 0
  if [ "$engine" = SQLite ]; then rm -f "$home/$1".db*; else sql -c "DROP DATABASE IF EXISTS $1" -c "CREATE DATABASE $1"; fi
  note "filling $engine with $2 users, $3 tasks …"
  DATABASE_URL=$url "$DOORWARD_BIN" db migrate >/dev/null 2>&1
  serve "$url"
  post "$base/auth/register" "{\"email\":\"user0@example.com\",\"password\":\"$password\"}" >/dev/null
  stop "$serving"
  local begins=$6 hash
  [ "$6" = now ] && begins=$(now)
  hash=$(query "$url" <<<"SELECT hashed_password FROM users WHERE email_key = 'user0@example.com'")
  {
    # Indexes come last, as in any restore.
    if [ "$engine" = SQLite ]; then
      local where="FROM sqlite_master WHERE type = 'index' AND tbl_name IN ('tasks', 'sessions', 'audit_log') AND sql IS NOT NULL"
      echo "PRAGMA synchronous = OFF; PRAGMA cache_size = -2000000; PRAGMA temp_store_directory = '$home'; BEGIN;"
      sqlite3 "${url#sqlite:}" "SELECT 'DROP INDEX ' || name || ';' $where"
    else
      # shellcheck disable=SC2028
      echo "CREATE TEMP TABLE of_indexes AS SELECT indexdef, indexname FROM pg_indexes WHERE tablename IN ('tasks', 'sessions', 'audit_log') AND indexname NOT LIKE '%pkey';
        SELECT 'DROP INDEX ' || indexname FROM of_indexes \\gexec"
    fi
    echo "INSERT INTO users (id, email, email_key, hashed_password, is_active, created_at, updated_at)
      SELECT $(id 8000 n.i), 'user' || n.i || '@example.com', 'user' || n.i || '@example.com', '$hash', $truth, $(now), $(now) FROM $(series "$2");
      INSERT INTO user_roles (user_id, role) SELECT id, 'user' FROM users WHERE email_key <> 'user0@example.com';"
    if [ "$6" = now ]; then
      sessions_of "$(id 8000 "1 + (n.i - 1) % $2")" "$4" "$ever" a000 "$begins"
    else
      sessions_of "$(id 8000 n.i)" "$2" "$ever" a000 "$(now)"
      sessions_of "$(id 8000 "1 + (n.i - 1) % $2")" "$4" "$past" f000 "$begins"
    fi
    echo "INSERT INTO audit_log (id, at, event, outcome, actor, actor_id, subject_id)
      SELECT $(id b000 n.i), $begins, 'login', 'success', 'user', $(id 8000 "1 + (n.i - 1) % $2"), $(id 8000 "1 + (n.i - 1) % $2") FROM $(series "$5");"
    tasks_of "$(id 8000 "1 + (n.i - 1) % $2")" "$3" 9000
    if [ "$1" = large ]; then
      # One user with 200 000 tasks and 5 000 sessions.
      echo "INSERT INTO users (id, email, email_key, hashed_password, is_active, created_at, updated_at)
        VALUES ($(id c000 0), 'heavy@example.com', 'heavy@example.com', '$hash', $truth, $(now), $(now));
        INSERT INTO user_roles (user_id, role) VALUES ($(id c000 0), 'user');"
      sessions_of "$(id c000 0)" 5000 "$ever" d000 "$begins"
      tasks_of "$(id c000 0)" 200000 e000
    fi
    if [ "$engine" = SQLite ]; then
      sqlite3 "${url#sqlite:}" "SELECT sql || ';' $where"
      echo 'COMMIT; PRAGMA wal_checkpoint(TRUNCATE);'
    else
      # shellcheck disable=SC2028
      echo 'SELECT indexdef FROM of_indexes \gexec
        VACUUM ANALYZE; CHECKPOINT;'
    fi
  } | query "$url" >/dev/null
  DATABASE_URL=$url "$DOORWARD_BIN" role grant user0@example.com admin >/dev/null 2>&1
  touch "$home/$engine.$1.filled"
}
# tuned NAME: what docs/operations.md recommends for a file that has outgrown the cache
tuned() { [ "$engine" != SQLite ] || echo "SQLITE_MMAP_SIZE=$(stat -c %s "$home/$1.db")"; }
# rested: waits until the server has nothing left to do: at its start it counts the kinds of hashes.
rested() {
  local before now=
  while before=$now; now=$(awk '{print $14 + $15}' "/proc/$serving/stat"); [ "$before" != "$now" ]; do sleep 1; done
}
signed_in() { post "$base/auth/login" "{\"email\":\"$1@example.com\",\"password\":\"$password\"}" | field access_token; }

# touched KIND SIZE USERS TASKS: pages that each request of this kind touches in the database
touched() {
  local count=100 url hits pages; url=$(url_of "$2")
  [ "$engine" = SQLite ] && count=20
  program=$with_symbols
  [ "$engine" = SQLite ] || program=$DOORWARD_BIN
  serve "$url"
  program=
  coproc asking { "$measure" touch "$1" "$at" "$3" "$4" "$count" "$BETTER_AUTH_SECRET"; }
  local asking_pid=$asking_PID go=${asking[1]}
  read -r _ <&"${asking[0]}"
  rested
  if [ "$engine" = SQLite ]; then
    # SQLite asks its pager for each page by this function; a read from memory counts as one from the file.
    gdb -p "$serving" -batch -ex 'handle SIGUSR1 stop nopass' -ex 'break getPageNormal' -ex 'ignore 1 1000000000' \
      -ex continue -ex 'info breakpoints' -ex detach >"$work/gdb.log" 2>&1 &
    local counting=$!
    for _ in $(seq 300); do grep -q 'Will ignore next' "$work/gdb.log" && break; sleep 0.1; done
    sleep 1
    echo >&"$go"; wait "$asking_pid"
    kill -USR1 "$serving"; wait "$counting" || true
    pages=$(awk '/already hit/ {print $4}' "$work/gdb.log")
    [ -n "$pages" ] || { cat "$work/gdb.log" >&2; exit 1; }
  else
    sql -c "SELECT pg_stat_statements_reset()" >/dev/null
    echo >&"$go"; wait "$asking_pid"
    pages=$(sql -c "SELECT sum(shared_blks_hit + shared_blks_read) FROM pg_stat_statements s JOIN pg_database d ON d.oid = s.dbid WHERE datname = '$2'")
  fi
  stop "$serving"
  awk -v a="$pages" -v b="$count" 'BEGIN {printf "%.1f", a / b}'
}

# beside COMMAND…: runs it while others sign in, read and write; their figures go to $work/beside
beside() {
  local status=0
  coproc noticing { "$measure" beside "$at" "$users" "$tasks" "$BETTER_AUTH_SECRET" 2>&1; }
  local pid=$noticing_PID in=${noticing[1]}
  exec 7<&"${noticing[0]}"
  read -r _ <&7
  "$@" || status=$?
  exec {in}>&- 
  cat <&7 >"$work/beside"; exec 7<&-
  wait "$pid" || status=$?
  return $status
}
noticed() { echo "sign-in p99 $(value sign_in_p99_ms "$work/beside"), read p99 $(value read_p99_ms "$work/beside"), write p99 $(value write_p99_ms "$work/beside"), slowest write $(value write_max_ms "$work/beside") ms; $(value failed "$work/beside") failed"; }
# took PATH TOKEN: milliseconds of one request, median of 41 on one connection; each has to be 200
took() {
  local n path=$1 urls=()
  for n in $(seq 41); do urls+=(-o /dev/null "$base$path"); done
  curl -fsS -w '%{time_starttransfer}\n' -H "Authorization: Bearer $2" "${urls[@]}" | median | awk '{printf "%.2f", $1 * 1000}'
}

for engine in ${ENGINES:-PostgreSQL SQLite}; do
  speak
  [ "$engine" = SQLite ] || sql -c 'CREATE EXTENSION IF NOT EXISTS pg_stat_statements'
  fill small 10000 200000 10000 10000 now
  fill large $million ${million}0 $million $million now
  fill past 10000 10000 $million $million "$past"

  # --- the same requests, warm and then in turn
  # shellcheck disable=SC2046
  serve "$(url_of small)" $(tuned small); small_at=$at small_pid=$serving
  # shellcheck disable=SC2046
  serve "$(url_of large)" $(tuned large)
  if [ "$engine" = SQLite ]; then cat "$home/large.db" >/dev/null; else
    for size in small large; do
      sql -d "$size" -c 'CREATE EXTENSION IF NOT EXISTS pg_prewarm' -c "SELECT pg_prewarm(oid) FROM pg_class WHERE relkind IN ('r', 'i') AND relnamespace = 'public'::regnamespace" >/dev/null
    done
  fi
  # The first round is longer, so that every active user has been seen: the first touch of a page of a mapped file is a fault.
  for n in $(seq 0 "$rounds"); do
    lasting=$((each * (n > 0 ? 2 : 8)))
    "$measure" growth "$small_at" 10000 200000 $lasting "$BETTER_AUTH_SECRET" >"$work/small.$n"
    "$measure" growth "$at" $million ${million}0 $lasting "$BETTER_AUTH_SECRET" >"$work/large.$n"
  done
  declare -A names=([get]='one task' [list]='twenty tasks' [login]='a sign-in, less the hash' [register]='a registration, less the hash')
  for kind in get list login register; do
    for part in p50 p99; do
      of() { for n in $(seq "$rounds"); do value "${kind}_${part}_ms" "$work/$1.$n"; done; }
      a=$(of large | median) b=$(of small | median)
      row "${names[$kind]}, $part, $engine" "$a ms" "$b ms" "$(ratio "$a" "$b")" '≤ 1.3'
    done
  done
  stop "$small_pid"; stop "$serving"

  # --- pages touched
  for kind in me get list create refresh login register; do
    b=$(touched "$kind" small 10000 200000) a=$(touched "$kind" large $million ${million}0)
    row "pages touched by \`$kind\`, $engine" "$a" "$b" "$(ratio "$a" "$b")" '≤ 1.3'
  done

  # --- lists of administrators, a million rows each
  users=$million tasks=${million}0
  # shellcheck disable=SC2046
  serve "$(url_of large)" $(tuned large)
  idle=$(rss "$serving")
  lists() {
    local admin path; admin=$(signed_in user0)
    for path in '/admin/users?limit=50' "/admin/users?limit=50&email=user$1@example.com" '/admin/users?limit=50&role=admin' \
      '/admin/audit?limit=50' '/admin/audit?limit=50&event=role.grant' /admin/users/00000000-0000-7000-8000-000000000001/sessions; do
      echo "$(took "$path" "$admin") $path"
    done
  }
  large_at=$at large_base=$base large_pid=$serving
  # shellcheck disable=SC2046
  serve "$(url_of small)" $(tuned small)
  small_base=$base small_pid=$serving
  base=$small_base lists 5000 >"$work/lists.small"; base=$large_base lists $((million / 2)) >"$work/lists.large"
  while read -r a path b _; do
    row "\`GET ${path//00000000-0000-7000-/…}\`, $engine" "$a ms" "$b ms" "$(ratio "$a" "$b")" '≤ 1.3'
  done < <(paste -d' ' "$work/lists.large" "$work/lists.small")
  stop "$small_pid"
  at=$large_at base=$large_base serving=$large_pid admin=$(signed_in user0)
  search() { for _ in 1 2 3; do curl -sS -o /dev/null -w '%{http_code} %{time_total}\n' -H "Authorization: Bearer $admin" "$base/admin/users?limit=50&email=nobody-has-this"; done >"$work/search"; }
  beside search
  row "\`GET /admin/users?email=…\` that nothing matches, $engine" "$(awk '{print $2 * 1000}' "$work/search" | median) ms, $(awk '{print $1; exit}' "$work/search")" '' '' '≤ 2000 ms'
  row "others meanwhile, $engine" "$(noticed)" '' '' '0 failed'

  # --- one user with 200 000 tasks and 5 000 sessions
  heavy=$(signed_in heavy)
  row "first page of 200 000 tasks, $engine" "$(took '/api/tasks?limit=20' "$heavy") ms" '' '' '≤ 10 ms'
  next='/api/tasks?limit=100' 
  for _ in $(seq 1000); do
    next=$(curl -fsS -o /dev/null -D - -H "Authorization: Bearer $heavy" "$base$next" | sed -n 's/^[Ll]ink: <\([^>]*\)>; rel="next".*/\1/p' | tr -d '\r')
  done
  row "a page behind 100 000 others, $engine" "$(took "${next/limit=100/limit=20}" "$heavy") ms" '' '' '≤ 10 ms'
  row "sessions of a user with 5 000, $engine" "$(took /auth/sessions "$heavy") ms" '' '' '≤ 100 ms'
  search() { for _ in 1 2 3; do curl -sS -o /dev/null -w '%{http_code} %{time_total}\n' -H "Authorization: Bearer $heavy" "$base/api/tasks?q=nowhere-to-be-found"; done >"$work/search"; }
  beside search
  row "a search of 200 000 tasks that finds nothing, $engine" "$(awk '{print $2 * 1000}' "$work/search" | median) ms, $(awk '{print $1; exit}' "$work/search")" '' '' '≤ 2000 ms'
  row "others meanwhile, $engine" "$(noticed)" '' '' '0 failed'
  erase() { curl -sS -o /dev/null -w '%{http_code} %{time_total}\n' -X DELETE -H "Authorization: Bearer $heavy" -H 'content-type: application/json' -d "{\"password\":\"$password\"}" "$base/auth/me" >"$work/erased"; }
  beside erase
  row "deletion of this account, $engine" "$(awk '{printf "%.0f ms, %s", $2 * 1000, $1}' "$work/erased")" '' '' '≤ 20 s'
  row "others meanwhile, $engine" "$(noticed)" '' '' '0 failed'
  row "memory of the server after all of this, $engine" "$(rss "$serving") MiB" "$idle MiB at first" '' ''
  stop "$serving"

  # --- pruning, which begins with the first sign-in
  users=10000 tasks=10000
  serve "$(url_of past)" AUDIT_RETENTION=30d
  idle=$(rss "$serving")
  pruned() {
    local began=$SECONDS
    while [ "$(query "$(url_of past)" <<<"SELECT (SELECT count(*) FROM (SELECT 1 FROM sessions WHERE max_expires_at < '2021-01-01' LIMIT 1) s)
      + (SELECT count(*) FROM (SELECT 1 FROM audit_log WHERE at < '2021-01-01' LIMIT 1) a)")" != 0 ]; do
      [ $((SECONDS - began)) -lt 900 ] || return 1
      sleep 1
    done
    took=$((SECONDS - began))
  }
  beside pruned
  row "removal of $million sessions and $million audit records that are over, $engine" "$took s; memory $(rss "$serving") MiB" "$idle MiB at first" '' ''
  row "others meanwhile, $engine" "$(noticed)" '' '' '0 failed'
  beside sleep "$((each * 2))"
  row "others afterwards, $engine" "$(noticed)" '' '' '0 failed'
  stop "$serving"
  rm -f "$home/$engine.past.filled"
done

table() {
  echo '| what | large | small | ratio | bound |'
  echo '| --- | --- | --- | --- | --- |'
  printf '%s\n' "${rows[@]}"
}
about() { echo "$(nproc) cores, $(free -g | awk '/Mem/ {print $2}') GiB, $("$pgbin/postgres" --version) with ${SHARED_BUFFERS:-8GB} of \`shared_buffers\`, SQLite with \`SQLITE_MMAP_SIZE\` of the file's size, $("$DOORWARD_BIN" --version), $(date -u +%F); medians of $rounds rounds of $((each * 2)) s."; }
echo; table; echo; about
if $write; then
  python3 - "$(about)" "$(table)" <<'PY'
import re, sys
page = open("docs/performance.md").read()
begin, end = "<!-- growth -->\n", "<!-- end of growth -->"
i, j = page.index(begin) + len(begin), page.index(end)
open("docs/performance.md", "w").write(page[:i] + "\n" + sys.argv[1] + "\n\n" + sys.argv[2] + "\n\n" + page[j:])
PY
fi
