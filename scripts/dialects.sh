#!/usr/bin/env bash
# Replays requests of public front ends against a server with their dialect, and checks the responses:
# tests/dialects, each with the operator's settings beside it. Builds the binary unless DOORWARD_BIN names one;
# the package is kept in target/dialects.
set -euo pipefail
cd "$(dirname "$0")/.."

. scripts/rig.sh

python_packages "$PWD/target/dialects" tests/dialects/requirements.txt
target/dialects/bin/python tests/dialects/run.py --all tests/dialects --binary "$DOORWARD_BIN" "$@"
