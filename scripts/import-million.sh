#!/usr/bin/env bash
# Imports ROWS accounts (a million by default) with as many tasks, or as many sessions with SOURCE=better-auth, from a
# PostgreSQL database into PostgreSQL and SQLite, and prints the duration, rows per second and peak memory. Needs
# PostgreSQL's server programs and GNU time; DOORWARD_BIN names a binary other than the release build.
set -euo pipefail
cd "$(dirname "$0")/.."

rows=${ROWS:-1000000}
source=${SOURCE:-sqlmodel}
if [ -z "${DOORWARD_BIN:-}" ]; then
  cargo build --release --quiet --locked
  DOORWARD_BIN=$PWD/target/release/doorward
fi
. scripts/rig.sh
start_postgres fsync=on shared_buffers=256MB max_wal_size=4GB
sql -c 'CREATE DATABASE old' -c 'CREATE DATABASE new'
if [ "$source" = better-auth ]; then
  sql -d old <<SQL
CREATE TABLE "user" (id text PRIMARY KEY, name text NOT NULL, email text NOT NULL UNIQUE, "emailVerified" boolean NOT NULL,
  "createdAt" timestamptz NOT NULL, "updatedAt" timestamptz NOT NULL);
CREATE TABLE account (id text PRIMARY KEY, "accountId" text NOT NULL, "providerId" text NOT NULL, "userId" text NOT NULL, password text);
CREATE TABLE session (id text PRIMARY KEY, "expiresAt" timestamptz NOT NULL, token text NOT NULL UNIQUE, "userId" text NOT NULL,
  "createdAt" timestamptz NOT NULL, "updatedAt" timestamptz NOT NULL, "ipAddress" text, "userAgent" text);
INSERT INTO "user" SELECT md5(n::text), 'User ' || n, 'user' || n || '@example.com', TRUE, timestamptz '2024-01-01Z' + n * interval '10 seconds', now()
  FROM generate_series(1, $rows) n;
INSERT INTO account SELECT md5(n::text), n::text, 'credential', md5(n::text), md5('s' || n) || ':' || repeat(md5(n::text), 4)
  FROM generate_series(1, $rows) n;
CREATE INDEX ON account ("userId");
INSERT INTO session SELECT md5('i' || n), now() + interval '7 days', md5('t' || n), md5(n::text), now() - interval '1 day', now(),
  '192.0.2.7', 'Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0' FROM generate_series(1, $rows) n;
SQL
  what=sessions
else
  # The accounts of a FastAPI app: integer ids, bcrypt.
  sql -d old <<SQL
CREATE TABLE users (id serial PRIMARY KEY, email varchar NOT NULL UNIQUE, hashed_password varchar NOT NULL,
  full_name varchar, is_active boolean NOT NULL, created_at timestamp NOT NULL);
CREATE TABLE tasks (id serial PRIMARY KEY, user_id integer NOT NULL REFERENCES users, title varchar NOT NULL,
  description varchar, completed boolean NOT NULL, priority varchar, due_date date, created_at timestamp NOT NULL);
INSERT INTO users SELECT n, 'user' || n || '@example.com', '\$2b\$12\$' || rpad(md5(n::text) || md5((-n)::text), 53, 'x'),
  'User ' || n, TRUE, timestamp '2024-01-01' + n * interval '10 seconds' FROM generate_series(1, $rows) n;
INSERT INTO tasks SELECT n, n, 'Task number ' || n, repeat('Some words about it. ', 5), n % 3 = 0, 'high', date '2026-01-01' + n % 365,
  timestamp '2024-01-01' + n * interval '10 seconds' FROM generate_series(1, $rows) n;
SQL
  what=tasks
fi
url="postgresql://postgres@127.0.0.1:$pgport"
for target in "$url/new?sslmode=disable" "sqlite:$work/new.db"; do
  export DATABASE_URL=$target
  "$DOORWARD_BIN" db migrate >/dev/null 2>&1
  for run in first again; do
    /usr/bin/time -f "%e %M" -o "$work/time" "$DOORWARD_BIN" import "$source" --from "$url/old?sslmode=disable" --issuer https://app.example --yes --json >"$work/report" 2>"$work/said" ||
      { cat "$work/said" >&2; exit 1; }
    read -r seconds kib <"$work/time"
    python3 - "$target" "$run" "$seconds" "$kib" "$work/report" "$what" <<'PY'
import json, sys
target, run, seconds, kib, report, what = sys.argv[1:]
report = json.load(open(report))["report"]
seconds = float(seconds)
rows = sum(count for kind in ("users", what) for count in report[kind].values())
print(f"{target.split(':')[0]}, {run} run: {report['users']['imported']} accounts and {report[what]['imported']} {what} imported, "
      f"{report['users']['already_here']} here already, {seconds:.1f} s, {rows / seconds:.0f} rows a second, {int(kib) // 1024} MiB at most")
PY
  done
done
