#!/usr/bin/env bash
# Measures what teams use instead beside Doorward, in turn in one run on this machine, and writes docs/peers.tsv:
# FastAPI with SQLModel as built by hand, FastAPI Users, Better Auth and PocketBase, each as its documentation sets it up,
# all on one PostgreSQL but PocketBase, which has SQLite only. `scripts/pictures.py` draws the result. ROUNDS (3) and SECONDS_EACH (5) can be set.
set -euo pipefail
cd "$(dirname "$0")/.."
cargo build --release --locked --quiet --bin doorward
export DOORWARD_BIN=$PWD/target/release/doorward
. scripts/rig.sh
command -v wrk >/dev/null || { echo "scripts/peers.sh: wrk is missing: install it." >&2; exit 1; }

rounds=${ROUNDS:-3} each=${SECONDS_EACH:-5} clients=64 root=$PWD workers=$(nproc)
python_packages "$root/target/guides" tests/guides/requirements.txt
python=$root/target/guides/bin/python
node_packages "$root/target/better-auth" tests/interop/better-auth
# PocketBase's binary, repackaged for PyPI.
python_packages "$root/target/pocketbase" tests/peers/requirements.txt
pocketbase=$root/target/pocketbase/bin/pocketbase
cp tests/interop/better-auth/*.mjs target/better-auth
start_postgres fsync=on max_connections=300 shared_buffers=256MB
SECRET_KEY=$(new_secret)
export SECRET_KEY BETTER_AUTH_SECRET=$SECRET_KEY BCRYPT_ROUNDS=12
password='correct horse battery staple'
field() { python3 -c "import json,sys; print(json.load(sys.stdin)['$1'])"; }
post() { curl -fsS -H 'content-type: application/json' "${@:3}" -d "$2" "$1"; }
median() { sort -g | awk '{a[NR]=$1} END {print (NR%2) ? a[(NR+1)/2] : (a[NR/2]+a[NR/2+1])/2}'; }
# lua FILE TYPE BODY
lua() { printf 'wrk.method = "POST"\nwrk.headers["Content-Type"] = "%s"\nwrk.body = %s\n' "$2" "[[$3]]" >"$1"; }
rps() { wrk -t2 -c$clients -d"${each}s" "$@" | awk -v what="$*" '/Requests\/sec/ {print $2} /Non-2xx/ {print "scripts/peers.sh: failed requests of wrk " what ": " $0 > "/dev/stderr"; exit 1}'; }

# Until nobody works off what the load before has left, at most half a minute.
rest() {
  local before after
  for _ in $(seq 100); do
    before=$(awk '/^cpu / {print $2 + $4}' /proc/stat); sleep 0.3; after=$(awk '/^cpu / {print $2 + $4}' /proc/stat)
    [ $((after - before)) -gt 5 ] || return 0
  done
}
json="{\"email\":\"user@example.com\",\"password\":\"$password\"}"
lua "$work/json.lua" application/json "$json"
lua "$work/form.lua" application/x-www-form-urlencoded "username=user@example.com&password=${password// /%20}"
lua "$work/identity.lua" application/json "${json/email/identity}"
lua "$work/task.lua" application/json '{"title":"Buy milk"}'

# serve NAME READY COMMAND…: starts it; sets $pid
serve() {
  local name=$1 ready=$2; shift 2
  "$@" >"$work/$name.log" 2>&1 &
  pid=$!; running+=($pid)
  answers "$ready" "$pid" "$work/$name.log"
}
# inside FOLDER COMMAND…
inside() { cd "$1" && shift && exec "$@"; }
tasks() { for n in $(seq 20); do post "$1" "{\"title\":\"Task $n\",\"description\":\"A description of ordinary length for a task\"}" -H "Authorization: Bearer $2" >/dev/null; done; }
package() { "$python" -c "import importlib.metadata as m; print('$1', m.version('$1'))"; }

declare -A url token way
quiet=(env RATE_LIMIT_API=off RATE_LIMIT_LOGIN=off RATE_LIMIT_AUTH=off RATE_LIMIT_REGISTER=off RUST_LOG=warn)
for engine in PostgreSQL SQLite; do
  name="Doorward, $engine"
  at=$(free_port)
  [ $engine = SQLite ] && db=sqlite:$work/doorward.db || db=$(database doorward)
  serve "$engine" "http://127.0.0.1:$at/readyz" "${quiet[@]}" DATABASE_URL="$db" PORT="$at" "$DOORWARD_BIN" serve --migrate
  url[$name]=http://127.0.0.1:$at way[$name]=doorward
  post "${url[$name]}/auth/register" "$json" >/dev/null
  token[$name]=$(post "${url[$name]}/auth/login" "$json" | field access_token)
  tasks "${url[$name]}/api/tasks" "${token[$name]}"
done
name="FastAPI + SQLModel"
at=$(free_port)
serve sqlmodel "http://127.0.0.1:$at/health" inside tests/guides/fastapi-sqlmodel env DATABASE_URL="$(database sqlmodel | sed 's/postgresql:/postgresql+psycopg:/')" \
  "$python" -m uvicorn --no-access-log --log-level warning --workers "$workers" --port "$at" app:app
url[$name]=http://127.0.0.1:$at way[$name]=sqlmodel
post "${url[$name]}/api/auth/register" "$json" >/dev/null
token[$name]=$(post "${url[$name]}/api/auth/login" "$json" | field access_token)
tasks "${url[$name]}/api/tasks" "${token[$name]}"
name="FastAPI Users"
at=$(free_port)
serve users "http://127.0.0.1:$at/health" inside tests/guides/fastapi-users env DATABASE_URL="$(database users | sed 's/postgresql:/postgresql+psycopg:/')" \
  "$python" -m uvicorn --no-access-log --log-level warning --workers "$workers" --port "$at" app:app
url[$name]=http://127.0.0.1:$at way[$name]=users
post "${url[$name]}/auth/register" "$json" >/dev/null
token[$name]=$(curl -fsS -d "username=user@example.com" --data-urlencode "password=$password" "${url[$name]}/auth/jwt/login" | field access_token)
name="Better Auth"
at=$(free_port)
better=$(database better_auth)
serve better-auth "http://127.0.0.1:$at/api/auth/ok" inside target/better-auth env DATABASE_URL="$better" BETTER_AUTH_URL="http://127.0.0.1:$at" node server.mjs
url[$name]=http://127.0.0.1:$at way[$name]=better
token[$name]=$(post "${url[$name]}/api/auth/sign-up/email" "{\"name\":\"User\",\"email\":\"user@example.com\",\"password\":\"$password\"}" | field token)

name="PocketBase"
at=$(free_port) pocket=http://127.0.0.1:$at/api/collections
"$pocketbase" superuser upsert root@example.com "$password" --dir "$work/pocketbase" >/dev/null
serve pocketbase "http://127.0.0.1:$at/api/health" "$pocketbase" serve --http "127.0.0.1:$at" --dir "$work/pocketbase"
url[$name]=$pocket way[$name]=pocketbase
root_token=$(post "$pocket/_superusers/auth-with-password" "{\"identity\":\"root@example.com\",\"password\":\"$password\"}" | field token)
# Tasks that only their owner sees, with the index that their list wants.
own='@request.auth.id != \"\" && owner = @request.auth.id'
post "$pocket" "{\"name\":\"tasks\",\"type\":\"base\",\"listRule\":\"$own\",\"viewRule\":\"$own\",\"createRule\":\"$own\",
  \"fields\":[{\"name\":\"title\",\"type\":\"text\",\"required\":true},{\"name\":\"description\",\"type\":\"text\"},{\"name\":\"completed\",\"type\":\"bool\"},
  {\"name\":\"owner\",\"type\":\"relation\",\"collectionId\":\"_pb_users_auth_\",\"maxSelect\":1,\"required\":true},
  {\"name\":\"created\",\"type\":\"autodate\",\"onCreate\":true},{\"name\":\"updated\",\"type\":\"autodate\",\"onCreate\":true,\"onUpdate\":true}],
  \"indexes\":[\"CREATE INDEX tasks_of_owner ON tasks (owner, created)\"]}" -H "Authorization: $root_token" >/dev/null
pocket_user=$(post "$pocket/users/records" "{\"email\":\"user@example.com\",\"password\":\"$password\",\"passwordConfirm\":\"$password\"}" | field id)
token[$name]=$(post "$pocket/users/auth-with-password" "{\"identity\":\"user@example.com\",\"password\":\"$password\"}" | field token)
for n in $(seq 20); do
  post "$pocket/tasks/records" "{\"title\":\"Task $n\",\"description\":\"A description of ordinary length for a task\",\"owner\":\"$pocket_user\"}" -H "Authorization: ${token[$name]}" >/dev/null
done
lua "$work/pocket.lua" application/json "{\"title\":\"Buy milk\",\"owner\":\"$pocket_user\"}"

# measured WHAT NAME: requests a second, or nothing where it has no such route
measured() {
  local at=${url[$2]} bearer="Authorization: Bearer ${token[$2]}"
  case "$1 ${way[$2]}" in
    "current user doorward") rps -H "$bearer" "$at/auth/me" ;;
    "current user sqlmodel") rps -H "$bearer" "$at/api/auth/me" ;;
    "current user users") rps -H "$bearer" "$at/users/me" ;;
    "current user better") rps -H "$bearer" "$at/api/auth/get-session" ;;
    "current user pocketbase") rps -H "$bearer" "$at/users/records/$pocket_user" ;;
    "twenty tasks pocketbase") rps -H "$bearer" "$at/tasks/records?perPage=20&skipTotal=1&sort=created" ;;
    "new task pocketbase") rps -H "$bearer" -s "$work/pocket.lua" "$at/tasks/records" ;;
    "sign-in pocketbase") rps -s "$work/identity.lua" "$at/users/auth-with-password" ;;
    "twenty tasks doorward") rps -H "$bearer" "$at/api/tasks?limit=20" ;;
    "twenty tasks sqlmodel") rps -H "$bearer" "$at/api/tasks" ;;
    "new task doorward" | "new task sqlmodel") rps -H "$bearer" -s "$work/task.lua" "$at/api/tasks" ;;
    "sign-in doorward") rps -s "$work/json.lua" "$at/auth/login" ;;
    "sign-in sqlmodel") rps -s "$work/json.lua" "$at/api/auth/login" ;;
    "sign-in users") rps -s "$work/form.lua" "$at/auth/jwt/login" ;;
    "sign-in better") rps -s "$work/json.lua" -H "Origin: $at" "$at/api/auth/sign-in/email" ;;
  esac
}
{
  printf '# %s cores, %s connections, PostgreSQL %s and the load generator on the same machine; medians of %s rounds of %s s in turn; %s\n' \
    "$(nproc)" "$clients" "$("$pgbin/postgres" --version | awk '{print $3}')" "$rounds" "$each" "$(date -u +%F)"
  printf '# %s; %s; %s, %s, %s, %s workers; Better Auth %s on Node.js %s, one process, sessions in the database; %s with SQLite\n' "$("$DOORWARD_BIN" --version)" \
    "$(package sqlmodel)" "$(package fastapi-users)" "$(package fastapi)" "$(package uvicorn)" "$workers" \
    "$(python3 -c "import json; print(json.load(open('target/better-auth/node_modules/better-auth/package.json'))['version'])")" "$(node --version)" \
    "$("$pocketbase" --version | sed 's/pocketbase version/PocketBase/')"
  printf '# Passwords: Argon2id m=19456 t=2 (Doorward), bcrypt 12 (SQLModel), Argon2id m=65536 t=3 p=4 (FastAPI Users), scrypt N=16384 r=16 (Better Auth), bcrypt 10 (PocketBase)\n'
} >"$work/peers.tsv"
for what in "current user" "twenty tasks" "sign-in" "new task"; do
  for n in $(seq "$rounds"); do
    for name in "Doorward, PostgreSQL" "Doorward, SQLite" "FastAPI + SQLModel" "FastAPI Users" "Better Auth" "PocketBase"; do
      rest
      figure=$(measured "$what" "$name")
      [ -z "$figure" ] || printf '%s\n' "$figure" >>"$work/$what $name"
    done
  done
  for name in "Doorward, PostgreSQL" "Doorward, SQLite" "FastAPI + SQLModel" "FastAPI Users" "Better Auth" "PocketBase"; do
    [ ! -f "$work/$what $name" ] || printf '%s\t%s\t%s\n' "$what" "$name" "$(median <"$work/$what $name")" | tee -a "$work/peers.tsv" >&2
  done
done
cp "$work/peers.tsv" docs/peers.tsv
python3 scripts/pictures.py
