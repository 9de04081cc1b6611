# Sourced by the scripts that run programs beside Doorward: the binary, packages of Python and npm, a work
# folder that goes when the script ends, servers that end with it, and a private PostgreSQL.

# The binary to run: built unless DOORWARD_BIN names one.
if [ -z "${DOORWARD_BIN:-}" ]; then
  cargo build --quiet --locked
  DOORWARD_BIN=$PWD/target/debug/doorward
fi
export DOORWARD_BIN

# python_packages FOLDER REQUIREMENTS: a virtual environment, made again when what is asked for changes.
python_packages() {
  if ! cmp -s "$2" "$1/installed.txt"; then
    rm -rf "$1"
    python3 -m venv "$1"
    "$1/bin/pip" install --quiet --disable-pip-version-check -r "$2"
    cp "$2" "$1/installed.txt"
  fi
}

# node_packages FOLDER SOURCE: the packages of SOURCE's package-lock.json, by a Node from a wheel: many systems
# have none, or an older one.
node_packages() {
  local node_home=$PWD/target/node
  python_packages "$node_home" tests/interop/node.txt
  PATH=$node_home/bin:$PATH
  mkdir -p "$1"
  if ! cmp -s "$2/package-lock.json" "$1/installed.json"; then
    cp "$2/package.json" "$2/package-lock.json" "$1"
    (cd "$1" && npm ci --loglevel error --no-audit --no-fund --ignore-scripts >/dev/null)
    cp "$2/package-lock.json" "$1/installed.json"
  fi
}

free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
new_secret() { python3 -c 'import secrets; print(secrets.token_urlsafe(48))'; }

work=$(mktemp -d)
chmod 755 "$work"
running=()
postgres_user=
pgport=
# Where PostgreSQL keeps its data; a folder that has some is used as it is.
pgdata=$work/pg
finish() {
  [ ${#running[@]} -eq 0 ] || kill "${running[@]}" 2>/dev/null || true
  [ -z "$pgport" ] || as_postgres "$pgbin/pg_ctl" -D "$pgdata" -m "${stop_mode:-immediate}" stop >/dev/null 2>&1 || true
  rm -rf "$work"
}
trap finish EXIT

# answers URL PID LOG: waits until an address answers; prints the log if the program has ended.
answers() {
  for _ in $(seq 300); do
    curl -fs -o /dev/null "$1" 2>/dev/null && return 0
    kill -0 "$2" 2>/dev/null || break
    sleep 0.1
  done
  cat "$3" >&2
  return 1
}

# end_running: ends the programs that were started, and waits for them.
end_running() {
  kill "${running[@]}" && wait "${running[@]}" || true
  running=()
}

# PostgreSQL refuses to run as root.
as_postgres() {
  if [ -n "$postgres_user" ]; then
    (cd / && setpriv --reuid="$postgres_user" --regid="$(id -g "$postgres_user")" --clear-groups "$@")
  else
    (cd / && "$@")
  fi
}

# start_postgres [SETTING=VALUE...]: a server of its own on port $pgport, without fsync unless a setting says so.
start_postgres() {
  local setting options=
  pgbin=$(pg_config --bindir 2>/dev/null || true)
  [ -x "$pgbin/initdb" ] || pgbin=$(ls -d /usr/lib/postgresql/*/bin | sort -V | tail -1)
  if [ "$(id -u)" -eq 0 ]; then
    postgres_user=$(id -un postgres 2>/dev/null || echo nobody)
    chown "$postgres_user" "$work" "$(dirname "$pgdata")"
  fi
  for setting in fsync=off "$@"; do options="$options -c $setting"; done
  [ -f "$pgdata/PG_VERSION" ] || as_postgres "$pgbin/initdb" -D "$pgdata" -U postgres -A trust --no-locale -E UTF8 >/dev/null
  pgport=$(free_port)
  as_postgres "$pgbin/pg_ctl" -D "$pgdata" -w -l "$work/pg.log" \
    -o "-p $pgport -k $work -c listen_addresses=127.0.0.1$options" start >/dev/null
}

sql() { "$pgbin/psql" -qXAt -v ON_ERROR_STOP=1 -h 127.0.0.1 -p "$pgport" -U postgres "$@"; }

# database NAME: makes it and prints its URL.
database() {
  sql -c "CREATE DATABASE \"$1\"" >&2
  echo "postgresql://postgres@127.0.0.1:$pgport/$1?sslmode=disable"
}
