#!/usr/bin/env bash
# Runs the guides in docs/guides as written, in both directions: an old app, the commands of the page, and its
# checks. `guides.sh from-better-auth` runs only that guide. Needs PostgreSQL's server programs, psql and jq.
# Builds the binary unless DOORWARD_BIN names one; packages are kept in target/guides.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/rig.sh

root=$PWD
asked=" $* "
wanted() { [ "$asked" = "  " ] || [[ $asked == *" $1 "* ]]; }
python_packages "$root/target/guides" tests/guides/requirements.txt
python=$root/target/guides/bin/python
start_postgres

mkdir "$work/bin"
ln -s "$(realpath "$DOORWARD_BIN")" "$work/bin/doorward"

# rehearse GUIDE FOLDER: the page's settings in .env, its commands in one shell.
rehearse() {
  mkdir "$work/$2"
  cd "$work/$2"
  sed -n '/^```ini/,/^```/p' "$root/docs/guides/$1.md" | sed '/^```/d; s/ *#.*//' |
    sed "s#^DATABASE_URL=.*#DATABASE_URL=$DATABASE_URL#; s#^BETTER_AUTH_URL=.*#BETTER_AUTH_URL=$OLD_URL#
      s#^SECRET_KEY=.*#SECRET_KEY=$SECRET_KEY#; s#^BETTER_AUTH_SECRET=.*#BETTER_AUTH_SECRET=$SECRET_KEY#" >.env
  NEW_PORT=$(free_port)
  export NEW_URL=http://127.0.0.1:$NEW_PORT STATE=$work/$2/state OLD_URL
  cp "$root"/docs/examples/*.jq .
  {
    echo "PATH=$work/bin:\$PATH"
    echo 'trap "kill \$(jobs -p) 2>/dev/null || true; wait" EXIT'
    echo "export PORT=$NEW_PORT RUST_LOG=warn"
    echo "serving() { for _ in \$(seq 300); do curl -fs -o /dev/null '$NEW_URL/readyz' && return 0; sleep 0.1; done; return 1; }"
    echo "listening() { for _ in \$(seq 300); do curl -s -I -o /dev/null '$NEW_URL/health' && return 0; sleep 0.1; done; return 1; }"
    echo "check() { '$python' '$root/tests/guides/$2/check.py' \"\$1\" >&3; }"
    "$python" "$root/tests/guides/script_of.py" "$root/docs/guides/$1.md" |
      sed "s#http://127.0.0.1:8001#$OLD_URL#; s#--port 8000#--port $NEW_PORT#"
  } >script
  "$python" "$root/tests/guides/$2/check.py" begun
  env -u DATABASE_URL -u SECRET_KEY bash script 3>&1 >log 2>&1 || { cat log >&2; echo "failed: docs/guides/$1.md" >&2; exit 1; }
  cd "$root"
}

SECRET_KEY=$(new_secret)
export SECRET_KEY
export OLD_DATABASE_URL
number=0

# old_app FOLDER: the app of tests/guides/FOLDER, over a database of its own, at $OLD_URL.
old_app() {
  number=$((number + 1))
  OLD_DATABASE_URL=$(database "old$number")
  OLD_PORT=$(free_port)
  OLD_URL=http://127.0.0.1:$OLD_PORT
  (
    cd "tests/guides/$1"
    exec env DATABASE_URL="${OLD_DATABASE_URL/postgresql:/postgresql+psycopg:}" "$python" -m uvicorn --no-access-log \
      --log-level warning --port "$OLD_PORT" app:app
  ) >"$work/$1.log" 2>&1 &
  running=($!)
  answers "$OLD_URL/health" "${running[0]}" "$work/$1.log"
}

for app in fastapi-sqlmodel fastapi-users full-stack-fastapi-template; do
  wanted "from-$app" || continue
  old_app "$app"
  DATABASE_URL=$(database "new$number")
  rehearse "from-$app" "$app"
  end_running
done

if wanted from-better-auth; then
  node_packages "$root/target/better-auth" tests/interop/better-auth
  cp tests/interop/better-auth/*.mjs target/better-auth
  OLD_DATABASE_URL=$(database better_auth)
  OLD_PORT=$(free_port)
  OLD_URL=http://127.0.0.1:$OLD_PORT
  (
    cd target/better-auth
    exec env DATABASE_URL="$OLD_DATABASE_URL" BETTER_AUTH_URL="$OLD_URL" BETTER_AUTH_SECRET="$SECRET_KEY" node server.mjs
  ) >"$work/better-auth.log" 2>&1 &
  running=($!)
  answers "$OLD_URL/api/auth/ok" "${running[0]}" "$work/better-auth.log"
  DATABASE_URL=$(database new)
  rehearse from-better-auth better-auth
  end_running
fi

# Supabase's own server is not to be had here: the tables as its migrations make them, and its client.
if wanted from-supabase-auth; then
  node_packages "$root/target/supabase" tests/supabase
  cp tests/guides/supabase/client.mjs target/supabase
  export CLIENT=$root/target/supabase/client.mjs
  OLD_DATABASE_URL=$(database supabase)
  OLD_URL=
  DATABASE_URL=$(database new_supabase)
  rehearse from-supabase-auth supabase
fi

if wanted rehearse; then
  old_app full-stack-fastapi-template
  DATABASE_URL=
  rehearse rehearse rehearse
  end_running
fi
