#!/usr/bin/env bash
# Builds deploy/Containerfile on an existing root file system and tests it: not root, read-only except for its
# volume, without capabilities, healthy according to its own health check, stopped by SIGTERM. Uses no registry.
# `container-test.sh PACKAGES ROOT.tar`: see scripts/packages-test.sh, which calls it.
set -euo pipefail
cd "$(dirname "$0")/.."
packages=$(realpath "$1") root=$(realpath "$2")
fail() { echo "check failed: $*" >&2; exit 1; }

store=$(mktemp -d)
stores=(--root "$store/images" --runroot "$store/run")
image() { buildah "${stores[@]}" "$@"; }
# runc, since crun refuses the two kinds of control groups at once that some machines have.
runtime=$(command -v runc || echo /usr/sbin/runc)
pod() {
  podman "${stores[@]}" --tmpdir "$store/tmp" --cgroup-manager=cgroupfs --events-backend=none --runtime "$runtime" "$@" \
    2> >(grep -v 'unable to get systemd connection' >&2)
}
finish() {
  pod rm -f -t 0 doorward >/dev/null 2>&1 || true
  umount "$store/images/overlay" 2>/dev/null || true
  rm -rf "$store"
}
trap finish EXIT
export BUILDAH_ISOLATION=chroot

base=$(image from scratch)
image add -q "$base" "$root" / >/dev/null
image commit -q "$base" localhost/clean >/dev/null
image bud -q --format docker --build-arg BASE=localhost/clean -f deploy/Containerfile -t localhost/doorward "$packages" >/dev/null

port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
most=$(ulimit -Hn)
pod run --pull=never --detach --name doorward --network host --read-only --cap-drop all --security-opt no-new-privileges \
  --ulimit "nofile=$most:$most" --ulimit nproc=4096:4096 -e HOST=127.0.0.1 -e PORT="$port" \
  -e BETTER_AUTH_SECRET="$(python3 -c 'import secrets; print(secrets.token_urlsafe(48))')" localhost/doorward >/dev/null
for _ in $(seq 300); do
  pod healthcheck run doorward >/dev/null 2>&1 && break
  sleep 0.1
done
pod healthcheck run doorward || { pod logs doorward >&2; fail "the health check succeeds"; }
[ "$(pod exec doorward id -un)" = doorward ] || fail "it is not root"
if pod exec doorward touch /usr/bin/x 2>/dev/null; then fail "its root is read-only"; fi
account='{"email":"ada@example.com","password":"correct horse battery"}'
curl -fsS -o /dev/null "http://127.0.0.1:$port/auth/register" -H 'Content-Type: application/json' -d "$account"
curl -fsS -o /dev/null "http://127.0.0.1:$port/auth/login" -H 'Content-Type: application/json' -d "$account"
pod stop -t 30 doorward >/dev/null
[ "$(pod inspect doorward --format '{{.State.ExitCode}}')" = 0 ] || fail "SIGTERM ends it with 0"
echo "ok: the container runs as doorward, read-only, without capabilities, is healthy, signs a user in and stops"
