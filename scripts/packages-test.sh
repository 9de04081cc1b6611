#!/usr/bin/env bash
# Builds the packages (scripts/package.sh) and installs each in a clean Debian root, which mmdebstrap creates from
# this machine's package sources. The Debian package: unit, manual pages, completions, a service that signs a user
# in, upgrade, removal, purge. The tarball likewise. deploy/Containerfile, if podman is available. Needs root, for
# chroot. Packages the binary in DOORWARD_BIN, otherwise builds one.
set -euo pipefail
cd "$(dirname "$0")/.."
[ "$(id -u)" -eq 0 ] || { echo "scripts/packages-test.sh needs root for chroot" >&2; exit 1; }
. scripts/rig.sh

codename=$(. /etc/os-release && echo "$VERSION_CODENAME")
distribution=$(. /etc/os-release && echo "$ID")
passed() { echo "ok: $*"; }
fail() { echo "check failed: $*" >&2; exit 1; }
is() { [ "$1" = "$2" ] || fail "$3: $1 instead of $2"; }

# The clean root is kept for a week, since packages are fetched for it.
clean=$PWD/target/clean-root/$codename.tar
if [ -z "$(find "$clean" -mtime -7 2>/dev/null)" ]; then
  mkdir -p "$(dirname "$clean")"
  sources=/etc/apt/sources.list.d/$distribution.sources
  [ -e "$sources" ] || sources=/etc/apt/sources.list
  mmdebstrap --quiet --format=tar --variant=minbase --include=man-db,passwd,bash-completion "$codename" "$clean.new" "$sources"
  mv "$clean.new" "$clean"
fi
new_root() { mkdir "$1" && tar -C "$1" -xf "$clean"; }

made=$work/made
XZ_LEVEL=${XZ_LEVEL:-0} ./scripts/package.sh "$made" >/dev/null
version=$("$DOORWARD_BIN" --version | cut -d' ' -f2)
arch=$(dpkg --print-architecture)
deb=doorward_${version}_$arch.deb
tarball=doorward-$version-$(uname -m)-linux
for file in "$deb" "$tarball.tar.gz" "doorward-$version.cdx.json"; do [ -s "$made/$file" ] || fail "$file is made"; done
(cd "$made" && sha256sum --quiet -c SHA256SUMS)
XZ_LEVEL=${XZ_LEVEL:-0} ./scripts/package.sh "$work/again" >/dev/null
cmp "$made/SHA256SUMS" "$work/again/SHA256SUMS" || fail "the packages are the same when made again"
passed "the packages have the names and the checksums that they should, and are the same when made again"

python_packages "$PWD/target/packages-venv" tests/packages/requirements.txt
"$PWD/target/packages-venv/bin/python" tests/packages/check_sbom.py "$made/doorward-$version.cdx.json" Cargo.lock
passed "the bill of materials is CycloneDX and has each crate with licence and checksum"

# signs_in PORT NAME: registers somebody unless that is done, signs in, and asks who that is.
signs_in() {
  local url=http://127.0.0.1:$1 token
  local body="{\"email\":\"$2@example.com\",\"password\":\"correct horse battery\"}"
  [ "${3:-}" = again ] || curl -fsS -o /dev/null "$url/auth/register" -H 'Content-Type: application/json' -d "$body"
  token=$(curl -fsS "$url/auth/login" -H 'Content-Type: application/json' -d "$body" | jq -r .access_token)
  is "$(curl -fsS "$url/auth/me" -H "Authorization: Bearer $token" | jq -r .email)" "$2@example.com" "who signed in"
}

root=$work/root
new_root "$root"
in_root() { chroot "$root" "$@"; }
as_doorward() { chroot --userspec=doorward:doorward "$root" env -C /var/lib/doorward "$@"; }
unit=$root/lib/systemd/system/doorward.service

cp "$made/$deb" "$root/"
in_root dpkg -i "/$deb" >/dev/null
is "$(in_root doorward --version)" "doorward $version" "the version"
is "$(in_root stat -c '%a %U %G' /etc/doorward/secret /etc/doorward/doorward.toml /etc/doorward /var/lib/doorward | tr '\n' ' ')" \
  "640 root doorward 640 root doorward 750 root doorward 700 doorward doorward " "whose the files are"
is "$(tr -d 0-9a-f <"$root/etc/doorward/secret" | wc -c) $(wc -c <"$root/etc/doorward/secret")" "0 64" "the secret"
passed "it installs in a clean $distribution $codename, makes a user and a secret, and says who may read what"

exposure=$(systemd-analyze security --offline=true --threshold=20 --no-pager "$unit" | grep 'Overall exposure') || fail "systemd-analyze: 2.0 at most"
found=$(systemd-analyze verify --man=no "$unit" 2>&1 | grep doorward | grep -v '/usr/bin/doorward is not executable' || true)
[ -z "$found" ] || fail "systemd-analyze verify has nothing to say: $found"
passed "the unit: ${exposure#*: }"

in_root man -w doorward doorward-serve doorward-db-migrate >/dev/null
in_root env MANPAGER=cat man doorward-serve 2>/dev/null | grep -q -- '--migrate' || fail "man doorward-serve names --migrate"
in_root bash -c '. /usr/share/bash-completion/bash_completion && _completion_loader doorward; COMP_WORDS=(doorward db mi); COMP_CWORD=2
  _doorward doorward mi db; echo "${COMPREPLY[@]}"' | grep -qx migrate || fail "bash completes doorward db mi"
for file in usr/share/zsh/vendor-completions/_doorward usr/share/fish/vendor_completions.d/doorward.fish usr/share/doc/doorward/copyright \
  usr/share/doc/doorward/changelog.gz; do [ -s "$root/$file" ] || fail "$file is installed"; done
passed "it has pages for man, completions, copyright and changelog"

# The service as the unit starts it, without systemd, which a folder has none of.
service() {
  local port=$1 command before
  command=$(sed -n 's/^ExecStart=//p' "$unit") before=$(sed -n 's/^ExecStartPre=//p' "$unit")
  local settings=(env BETTER_AUTH_SECRET_FILE=/etc/doorward/secret PORT="$port")
  as_doorward "${settings[@]}" $before >"$work/migrate.log" 2>&1 || { cat "$work/migrate.log" >&2; fail "ExecStartPre"; }
  as_doorward "${settings[@]}" $command >"$work/service.log" 2>&1 &
  running=($!)
  answers "http://127.0.0.1:$port/readyz" "${running[0]}" "$work/service.log"
}
config=/etc/doorward/doorward.toml
as_doorward doorward --config $config config check --offline
service "$(free_port)" && port=$(sed -n 's/.*Listening on .*:\([0-9]*\)$/\1/p' "$work/service.log")
signs_in "$port" ada
is "$(as_doorward env PORT="$port" doorward --config $config health --ready)" ready "doorward health"
is "$(as_doorward doorward --config $config user list --json | jq -r '.[].email')" ada@example.com "user list"
is "$(in_root stat -c '%a %U' /var/lib/doorward/doorward.db)" "600 doorward" "who may read the database"
end_running
passed "the service migrates, serves and signs somebody in on SQLite; commands work beside it"

# The same once more, watched: systemd would refuse what the unit does not allow.
port=$(free_port)
strace -f -qq -o "$work/trace" chroot --userspec=doorward:doorward "$root" env -C /var/lib/doorward \
  BETTER_AUTH_SECRET_FILE=/etc/doorward/secret PORT="$port" timeout -s TERM "${WATCHED:-8}" \
  /usr/bin/doorward --config $config serve --wait >"$work/watched.log" 2>&1 &
running=($!)
answers "http://127.0.0.1:$port/readyz" "${running[0]}" "$work/watched.log"
signs_in "$port" hedy
wait "${running[0]}" || true
running=()
calls=$(python3 tests/packages/check_syscalls.py "$unit" "$work/trace")
passed "the unit allows every call to the kernel that it makes ($calls), and no memory is writable and run"

secret=$(sha256sum "$root/etc/doorward/secret")
echo '# mine' >>"$root/etc/doorward/doorward.toml"
in_root dpkg -i "/$deb" >/dev/null 2>&1
is "$(sha256sum "$root/etc/doorward/secret")" "$secret" "the secret after an upgrade"
in_root dpkg -r doorward >/dev/null
[ ! -e "$root/usr/bin/doorward" ] || fail "the program goes when it is removed"
[ -e "$root/var/lib/doorward/doorward.db" ] && [ -e "$root/etc/doorward/secret" ] || fail "removal leaves data"
in_root dpkg -i "/$deb" >/dev/null 2>&1
grep -q '# mine' "$root/etc/doorward/doorward.toml" || fail "settings are kept"
service "$(free_port)" && port=$(sed -n 's/.*Listening on .*:\([0-9]*\)$/\1/p' "$work/service.log")
signs_in "$port" ada again
end_running
in_root dpkg -P doorward >/dev/null
[ ! -e "$root/var/lib/doorward" ] && [ ! -e "$root/etc/doorward" ] || fail "a purge removes data and settings"
passed "an upgrade keeps settings and secret, removal leaves accounts, purge removes them"

tar -C "$root/opt" -xzf "$made/$tarball.tar.gz"
port=$(free_port)
chroot --userspec=65534:65534 "$root" env -C /tmp BETTER_AUTH_SECRET="$(new_secret)" PORT="$port" "/opt/$tarball/doorward" serve --migrate \
  >"$work/tarball.log" 2>&1 &
running=($!)
answers "http://127.0.0.1:$port/readyz" "${running[0]}" "$work/tarball.log"
signs_in "$port" grace
end_running
passed "the tarball's program serves and signs somebody in"

if [ "${SKIP_CONTAINER:-}" = 1 ] || ! command -v podman >/dev/null || ! command -v buildah >/dev/null; then
  echo "skipped: the container (podman and buildah are not installed, or SKIP_CONTAINER=1)"
  [ -z "${DOORWARD_SKIPPED:-}" ] || echo "the container of deploy/Containerfile" >>"$DOORWARD_SKIPPED"
else
  ./scripts/container-test.sh "$made" "$clean"
fi
