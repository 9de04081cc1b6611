#!/usr/bin/env bash
# Runs @supabase/auth-js against a server with its dialect and mail: tests/supabase. Builds the binary unless
# DOORWARD_BIN names one; packages are kept in target/supabase and target/smtp.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/rig.sh

here=$PWD
node_packages "$PWD/target/supabase" tests/supabase
./scripts/smtp.sh
cd "$work"
mkdir mails
mail_port=$(free_port)
"$here/target/smtp/bin/python" "$here/tests/smtp/server.py" mails "$mail_port" >mail.log 2>&1 &
running=($!)
export PORT DOORWARD_URL DATABASE_URL=sqlite:supabase.db BETTER_AUTH_SECRET RUST_LOG=warn
export COMPAT=supabase AUTH_PATH=/auth/v1 PASSWORD_CHANGE=fresh LOGIN_CODES=on
export SMTP_URL=smtp://127.0.0.1:$mail_port MAIL_FROM=no-reply@example.com
PORT=$(free_port)
BETTER_AUTH_SECRET=$(new_secret)
DOORWARD_URL=http://127.0.0.1:$PORT
export PUBLIC_URL=$DOORWARD_URL
"$DOORWARD_BIN" serve --migrate >log 2>&1 &
running+=($!)
answers "$DOORWARD_URL/livez" "${running[1]}" log
ln -s "$here/target/supabase/node_modules" node_modules
cp "$here/tests/supabase/play.mjs" .
node play.mjs
