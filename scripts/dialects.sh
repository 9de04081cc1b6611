#!/usr/bin/env bash
# Plays what public front ends send against a server that speaks their dialect, and checks what they
# read from the answers: tests/dialects, each with the settings of its operator beside it. Builds the
# binary unless DOORWARD_BIN names one; the one package lives in target/dialects.
set -euo pipefail
cd "$(dirname "$0")/.."

. scripts/rig.sh

python_packages "$PWD/target/dialects" tests/dialects/requirements.txt
target/dialects/bin/python tests/dialects/run.py --all tests/dialects --binary "$DOORWARD_BIN" "$@"
