#!/usr/bin/env bash
# Plays what public front ends send against a server that speaks their dialect, and checks what they
# read from the answers: tests/dialects, each with the settings of its operator beside it. Builds the
# binary unless DOORWARD_BIN names one; the one package lives in target/dialects.
set -euo pipefail
cd "$(dirname "$0")/.."

if [ -z "${DOORWARD_BIN:-}" ]; then
  cargo build --quiet --locked
  DOORWARD_BIN=$PWD/target/debug/doorward
fi
venv=$PWD/target/dialects
wanted=tests/dialects/requirements.txt
if ! cmp -s "$wanted" "$venv/installed.txt"; then
  rm -rf "$venv"
  python3 -m venv "$venv"
  "$venv/bin/pip" install --quiet --disable-pip-version-check -r "$wanted"
  cp "$wanted" "$venv/installed.txt"
fi
"$venv/bin/python" tests/dialects/run.py --all tests/dialects --binary "$DOORWARD_BIN" "$@"
