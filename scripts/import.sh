#!/usr/bin/env bash
# Imports from databases that SQLModel, FastAPI Users, full-stack-fastapi-template's models and Django made themselves, on
# SQLite and PostgreSQL, and signs in as somebody of each. Needs PostgreSQL's server programs. Builds the
# binary unless DOORWARD_BIN names one; the packages live in target/import.
set -euo pipefail
cd "$(dirname "$0")/.."

if [ -z "${DOORWARD_BIN:-}" ]; then
  cargo build --quiet --locked
  DOORWARD_BIN=$PWD/target/debug/doorward
fi
venv=$PWD/target/import
wanted=tests/interop/import/requirements.txt
if ! cmp -s "$wanted" "$venv/installed.txt"; then
  rm -rf "$venv"
  python3 -m venv "$venv"
  "$venv/bin/pip" install --quiet --disable-pip-version-check -r "$wanted"
  cp "$wanted" "$venv/installed.txt"
fi
sources=$PWD/tests/interop/import/sources.py

pgbin=$(pg_config --bindir 2>/dev/null || true)
[ -x "$pgbin/initdb" ] || pgbin=$(ls -d /usr/lib/postgresql/*/bin | sort -V | tail -1)
work=$(mktemp -d)
user=
# PostgreSQL refuses to run as root.
if [ "$(id -u)" -eq 0 ]; then
  user=$(id -un postgres 2>/dev/null || echo nobody)
  chown "$user" "$work"
  chmod 755 "$work"
fi
as() { if [ -n "$user" ]; then setpriv --reuid="$user" --regid="$(id -g "$user")" --clear-groups "$@"; else "$@"; fi; }
server=
finish() {
  [ -z "$server" ] || kill "$server" 2>/dev/null || true
  (cd / && as "$pgbin/pg_ctl" -D "$work/pg" -m immediate stop >/dev/null 2>&1) || true
  rm -rf "$work"
}
trap finish EXIT
free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

(cd / && as "$pgbin/initdb" -D "$work/pg" -U postgres -A trust --no-locale -E UTF8 >/dev/null)
pgport=$(free_port)
(cd / && as "$pgbin/pg_ctl" -D "$work/pg" -w -l "$work/pg.log" \
  -o "-p $pgport -k $work -c listen_addresses=127.0.0.1 -c fsync=off" start >/dev/null)
created() { "$pgbin/psql" -q -h 127.0.0.1 -p "$pgport" -U postgres -c "CREATE DATABASE $1"; }

alone=(env -u DATABASE_URL -u DATABASE_URL_UNPOOLED)
BETTER_AUTH_SECRET=$(python3 -c 'import secrets; print(secrets.token_urlsafe(48))')
export BETTER_AUTH_SECRET
number=0
for kind in sqlmodel fastapi-template fastapi-users django; do
  for engine in sqlite postgres; do
    number=$((number + 1))
    here=$work/$number
    mkdir -m 755 "$here"
    if [ "$engine" = sqlite ]; then
      old=sqlite:///$here/old.db
      "$venv/bin/python" "$sources" "$kind" "$old"
    else
      created "old$number"
      old=postgresql://postgres@127.0.0.1:$pgport/old$number
      if [ "$kind" = django ]; then
        "$venv/bin/python" "$sources" "$kind" "$old"
      else
        "$venv/bin/python" "$sources" "$kind" "${old/postgresql:/postgresql+psycopg:}"
      fi
      old="$old?sslmode=disable"
    fi
    port=$(free_port)
    (
      cd "$here"
      "${alone[@]}" "$DOORWARD_BIN" db migrate --database-url sqlite:new.db >log 2>&1
      for profile in "$kind" auto; do
        "${alone[@]}" "$DOORWARD_BIN" import "$profile" --from "$old" --yes --database-url sqlite:new.db >>log 2>&1 || { cat log >&2; exit 1; }
      done
      exec "${alone[@]}" DATABASE_URL=sqlite:new.db "$DOORWARD_BIN" serve --port "$port" >>log 2>&1
    ) &
    server=$!
    for _ in $(seq 300); do
      curl -fsS -o /dev/null "http://127.0.0.1:$port/readyz" 2>/dev/null && break
      kill -0 "$server" 2>/dev/null || { cat "$here/log" >&2; exit 1; }
      sleep 0.1
    done
    token=$(curl -fsS "http://127.0.0.1:$port/auth/login" -H 'Content-Type: application/json' \
      -d '{"email": "ada@example.com", "password": "violet kettle drum 41"}' | python3 -c 'import json, sys; print(json.load(sys.stdin)["access_token"])') ||
      { cat "$here/log" >&2; exit 1; }
    title=$(curl -fsS "http://127.0.0.1:$port/api/tasks" -H "Authorization: Bearer $token" |
      python3 -c 'import json, sys; print([task["title"] for task in json.load(sys.stdin)])')
    [ "$title" = "['Write notes']" ] || { echo "$kind on $engine: $title" >&2; cat "$here/log" >&2; exit 1; }
    kill "$server" && wait "$server" || true
    server=
    echo "imported from $kind on $engine, signed in, and found the task" >&2
  done
done
