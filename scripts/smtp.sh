#!/usr/bin/env bash
# Installs aiosmtpd, the mail server for tests, in target/smtp.
set -euo pipefail
cd "$(dirname "$0")/.."
home=$PWD/target/smtp
if ! cmp -s tests/smtp/requirements.txt "$home/installed.txt"; then
  rm -rf "$home"
  python3 -m venv "$home"
  "$home/bin/pip" install --quiet --disable-pip-version-check -r tests/smtp/requirements.txt
  cp tests/smtp/requirements.txt "$home/installed.txt"
fi
