# Sourced by the scripts that need packages of Python and npm: each folder is installed once, and again when
# what is asked for changes.

# python_packages FOLDER REQUIREMENTS: a virtual environment.
python_packages() {
  if ! cmp -s "$2" "$1/installed.txt"; then
    rm -rf "$1"
    python3 -m venv "$1"
    "$1/bin/pip" install --quiet --disable-pip-version-check -r "$2"
    cp "$2" "$1/installed.txt"
  fi
}

# node_packages FOLDER SOURCE: the packages of SOURCE's package-lock.json, by the Node of $node_home, a wheel:
# many systems have none, or an older one.
node_packages() {
  local node_home=$PWD/target/node
  python_packages "$node_home" tests/interop/node.txt
  PATH=$node_home/bin:$PATH
  if ! cmp -s "$2/package-lock.json" "$1/installed.json"; then
    mkdir -p "$1"
    cp "$2/package.json" "$2/package-lock.json" "$1"
    (cd "$1" && npm ci --loglevel error --no-audit --no-fund --ignore-scripts >/dev/null)
    cp "$2/package-lock.json" "$1/installed.json"
  fi
}
