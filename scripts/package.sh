#!/usr/bin/env bash
# Builds the packages: doorward_VERSION_ARCH.deb, doorward-VERSION-MACHINE-linux.tar.gz, an SBOM (CycloneDX) and
# SHA256SUMS. `scripts/package.sh [FOLDER]`, by default target/packages; builds are reproducible. Packages the
# binary in DOORWARD_BIN, otherwise a release build. Needs dpkg-deb and dpkg-shlibdeps (Debian's dpkg-dev), strip,
# xz and python3.
set -euo pipefail
umask 022
cd "$(dirname "$0")/.."

mkdir -p "${1:-target/packages}"
out=$(realpath "${1:-target/packages}")
if [ -z "${DOORWARD_BIN:-}" ]; then
  cargo build --release --locked
  DOORWARD_BIN=target/release/doorward
fi
version=$("$DOORWARD_BIN" --version | cut -d' ' -f2)
machine=$(uname -m)
arch=$(dpkg --print-architecture)
# Dates in packages are those of the last change, so that they can be made again.
export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || echo 0)}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# What both packages hold.
mkdir -p "$work/made/man" "$work/made/completions"
install -m 755 "$DOORWARD_BIN" "$work/made/doorward"
strip "$work/made/doorward"
"$DOORWARD_BIN" man --output "$work/made/man"
for shell in bash zsh fish; do "$DOORWARD_BIN" completions $shell >"$work/made/completions/$shell"; done
./scripts/sbom.py "$(rustc -vV | sed -n 's/^host: //p')" >"$work/made/sbom.cdx.json"

# The tarball.
name=doorward-$version-$machine-linux
mkdir "$work/$name"
cp -r "$work/made/." "$work/$name"
cp README.md CHANGELOG.md LICENSE-MIT LICENSE-APACHE deploy/debian/doorward.service deploy/debian/doorward.toml "$work/$name"
tar -C "$work" --sort=name --mtime="@$SOURCE_DATE_EPOCH" --owner=0 --group=0 --numeric-owner -cf - "$name" | gzip -9n >"$out/$name.tar.gz"

# The Debian package.
root=$work/deb
doc=$root/usr/share/doc/doorward
put() { install -D -m "$1" "$2" "$root/$3"; }
put 755 "$work/made/doorward" usr/bin/doorward
put 644 deploy/debian/doorward.service lib/systemd/system/doorward.service
put 640 deploy/debian/doorward.toml etc/doorward/doorward.toml
put 644 deploy/debian/copyright usr/share/doc/doorward/copyright
for file in README.md LICENSE-MIT; do put 644 $file usr/share/doc/doorward/$file; done
put 644 "$work/made/sbom.cdx.json" usr/share/doc/doorward/sbom.cdx.json
put 644 "$work/made/completions/bash" usr/share/bash-completion/completions/doorward
put 644 "$work/made/completions/zsh" usr/share/zsh/vendor-completions/_doorward
put 644 "$work/made/completions/fish" usr/share/fish/vendor_completions.d/doorward.fish
for page in "$work"/made/man/*.1; do put 644 "$page" "usr/share/man/man1/$(basename "$page")"; done
put 644 CHANGELOG.md usr/share/doc/doorward/NEWS.md
changed=$(date -u -R -d "@$SOURCE_DATE_EPOCH")
printf 'doorward (%s) stable; urgency=medium\n\n  * What changed is in NEWS.md beside this file.\n\n -- The authors of Doorward <doorward@localhost>  %s\n' \
  "$version" "$changed" >"$doc/changelog"
gzip -9n "$doc/changelog" "$doc/NEWS.md" "$root"/usr/share/man/man1/*.1
chmod 750 "$root/etc/doorward"

# Which libraries of the system it needs, asked of the binary.
mkdir -p "$work/asked/debian"
printf 'Source: doorward\n\nPackage: doorward\nArchitecture: any\n' >"$work/asked/debian/control"
needs=$(cd "$work/asked" && dpkg-shlibdeps -O "$work/made/doorward" 2>/dev/null | sed -n 's/^shlibs:Depends=//p')
[ -n "$needs" ] || { echo "dpkg-shlibdeps reports no dependencies" >&2; exit 1; }
mkdir "$root/DEBIAN"
cat >"$root/DEBIAN/control" <<END
Package: doorward
Version: $version
Architecture: $arch
Maintainer: The authors of Doorward <doorward@localhost>
Section: net
Priority: optional
Depends: $needs, passwd
Recommends: ca-certificates
Suggests: postgresql, caddy
Installed-Size: $(du -sk --exclude=DEBIAN "$root" | cut -f1)
Description: authentication backend that runs beside an app
 Registers users, signs them in, issues and verifies JWTs, and keeps each user's tasks private to that user. One program, driven from the command line,
 over an embedded SQLite database or PostgreSQL.
END
echo /etc/doorward/doorward.toml >"$root/DEBIAN/conffiles"
for script in postinst prerm postrm; do install -m 755 "deploy/debian/$script" "$root/DEBIAN/$script"; done
(cd "$root" && find . -type f -not -path './DEBIAN/*' -printf '%P\0' | LC_ALL=C sort -z | xargs -0 md5sum) >"$root/DEBIAN/md5sums"
deb=doorward_${version}_$arch.deb
dpkg-deb --root-owner-group -Zxz -z"${XZ_LEVEL:-6}" --build "$root" "$out/$deb" >/dev/null

cp "$work/made/sbom.cdx.json" "$out/doorward-$version.cdx.json"
(cd "$out" && sha256sum "$deb" "$name.tar.gz" "doorward-$version.cdx.json" >SHA256SUMS)
ls -l "$out" | tail -n +2
