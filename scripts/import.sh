#!/usr/bin/env bash
# Imports databases that SQLModel, FastAPI Users, full-stack-fastapi-template's models and Django created, on
# SQLite and PostgreSQL, and signs in as a user of each. Needs PostgreSQL's server programs. Builds the binary
# unless DOORWARD_BIN names one; packages are kept in target/import.
set -euo pipefail
cd "$(dirname "$0")/.."

. scripts/rig.sh

python_packages "$PWD/target/import" tests/interop/import/requirements.txt
python=$PWD/target/import/bin/python
sources=$PWD/tests/interop/import/sources.py
start_postgres

alone=(env -u DATABASE_URL -u DATABASE_URL_UNPOOLED)
BETTER_AUTH_SECRET=$(new_secret)
export BETTER_AUTH_SECRET
number=0
for kind in sqlmodel fastapi-template fastapi-users django; do
  for engine in sqlite postgres; do
    number=$((number + 1))
    here=$work/$number
    mkdir -m 755 "$here"
    if [ "$engine" = sqlite ]; then
      old=sqlite:///$here/old.db
      "$python" "$sources" "$kind" "$old"
    else
      old=$(database "old$number")
      bare=${old%\?*}
      [ "$kind" = django ] || bare=${bare/postgresql:/postgresql+psycopg:}
      "$python" "$sources" "$kind" "$bare"
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
    running=($!)
    answers "http://127.0.0.1:$port/readyz" "${running[0]}" "$here/log"
    token=$(curl -fsS "http://127.0.0.1:$port/auth/login" -H 'Content-Type: application/json' \
      -d '{"email": "ada@example.com", "password": "violet kettle drum 41"}' | python3 -c 'import json, sys; print(json.load(sys.stdin)["access_token"])') ||
      { cat "$here/log" >&2; exit 1; }
    title=$(curl -fsS "http://127.0.0.1:$port/api/tasks" -H "Authorization: Bearer $token" |
      python3 -c 'import json, sys; print([task["title"] for task in json.load(sys.stdin)])')
    [ "$title" = "['Write notes']" ] || { echo "$kind on $engine: $title" >&2; cat "$here/log" >&2; exit 1; }
    end_running
    echo "imported from $kind on $engine: sign-in works, the task is there" >&2
  done
done
