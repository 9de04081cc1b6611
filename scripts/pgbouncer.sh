#!/usr/bin/env bash
# Builds PgBouncer 1.24, the version in Debian 13, in target/pgbouncer and prints the path of its binary. Since
# 1.21 PgBouncer tracks prepared statements (max_prepared_statements); Debian 12 has 1.18. Nothing is installed:
# missing headers are unpacked beside it.
set -euo pipefail
cd "$(dirname "$0")/.."
version=1.24.1
checksum=da72a3aba13072876d055a3e58dd4aba4a5de4ed6148e73033185245598fd3e0
home=$PWD/target/pgbouncer
binary=$home/pgbouncer-$version/pgbouncer
if [ ! -x "$binary" ]; then
  mkdir -p "$home"
  cd "$home"
  # The machine's own mirror has the sources of every version of Debian.
  mirror=$(apt-get indextargets --format '$(REPO_URI)' | grep -m1 '/debian/$') ||
    { echo "Debian's sources are not available: SKIP_NEW_PGBOUNCER=1 skips it" >&2; exit 1; }
  file=pgbouncer_$version.orig.tar.gz
  curl -fsSLO "${mirror}pool/main/p/pgbouncer/$file"
  echo "$checksum  $file" | sha256sum --check --quiet
  tar xzf "$file"
  if ! pkg-config --exists libevent; then
    apt-get download libevent-dev libevent-2.1-7 >/dev/null 2>&1
    for package in libevent*.deb; do dpkg -x "$package" headers; done
    LIBEVENT_LIBS="$(echo "$home"/headers/usr/lib/*/libevent.a)" LIBEVENT_CFLAGS="-I$home/headers/usr/include"
    export LIBEVENT_LIBS LIBEVENT_CFLAGS
  fi
  cd "pgbouncer-$version"
  ./configure --quiet --without-cares --without-openssl --without-pam --without-systemd >&2
  make pgbouncer >build.log 2>&1 || { cat build.log >&2; exit 1; }
fi
"$binary" --version | head -1 >&2
echo "$binary"
