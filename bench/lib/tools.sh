# What must be there before anything starts: tools, builds, Python baselines.

check_tools() {
  [[ $(uname -s) == Linux ]] || die "this needs Linux: it reads /proc and pins with taskset"
  need nginx nginx-light
  need wrk wrk
  need taskset util-linux
  need timeout coreutils
  if asked_for 13,14,15; then need redis-server redis-server; fi
  if asked_for "$upstream_rows"; then need python3 'python3 python3-venv'; fi
  if asked_for "$double_rows"; then
    need node nodejs
    need npm npm
  fi
  if asked_for "$agent_rows"; then need curl curl; fi
  (($(nproc) >= 2)) || die "this needs two cores: one for the server under test, one for stub and load"
  for row in ${rows//,/ }; do
    declared "row_$row" || die "there is no row $row; the rows are $serve_rows,$double_rows,$agent_rows,$store_rows"
  done
  (cd "$bench/baselines" && sha256sum --quiet -c SHA256SUMS) ||
    die "a file of bench/baselines has changed: restore it, so that figures compare"
}

# asked_for ROWS: is any of these among the rows of this run?
asked_for() { grep -qwE "${1//,/|}" <<<"$rows"; }

declared() { declare -F "$1" >/dev/null; }

# need COMMAND PACKAGE
need() { command -v "$1" >/dev/null || die "$1 is missing: apt-get install $2"; }

# Sets $binary (the server), $tool (the load generators) and $examples (what is measured in process).
build() {
  command -v cargo >/dev/null || die "cargo is missing: see https://rustup.rs"
  local target=${CARGO_TARGET_DIR:-$root/target}
  say "building (release)"
  cargo_build "$bench/Cargo.toml" "$target"
  tool=$(realpath "$target/release/playhouse-bench")
  if [[ -z $binary ]]; then
    cargo_build "$root/crates/cli/Cargo.toml" "$target"
    binary=$target/release/playhouse
  fi
  [[ -x $binary ]] || die "$binary is no program that can be run"
  binary=$(realpath "$binary")
  examples=$target/release/examples
  if asked_for 11; then build_example playhouse-agent step_cost; fi
  if asked_for 16; then build_example playhouse-store ledger_cost; fi
}

# build_example PACKAGE NAME: a measure that needs no server; it is then in $examples.
build_example() {
  (cd "$root" && cargo build --quiet --release --package "$1" --example "$2" --target-dir "$target") ||
    die "the build of the example $2 failed"
}

# cargo_build MANIFEST TARGET_DIR
cargo_build() {
  (cd "$root" && cargo build --quiet --release --manifest-path "$1" --target-dir "$2") ||
    die "the build of $1 failed"
}

install_baselines() {
  mkdir -p "$cache" || die "the cache folder $cache cannot be made"
  cache=$(realpath "$cache")
  if asked_for "$double_rows"; then install_doubles; fi
  asked_for "$upstream_rows" || return 0
  install_venv fastapi -r "$bench/baselines/fastapi_app/requirements.txt"
  if [[ $with_litellm == yes ]]; then install_venv litellm 'litellm[proxy]'; fi
}

# install_venv NAME PIP-ARGUMENTS…: once; later runs use what is there.
install_venv() {
  local venv=$cache/$1
  shift
  [[ -e $venv/.complete ]] && return
  say "installing ${*: -1} in $venv (once, not part of the measuring)"
  python3 -m venv --clear "$venv" >&2 || die "python3 cannot make a venv in $venv: apt-get install python3-venv"
  "$venv/bin/pip" install --quiet --disable-pip-version-check "$@" >&2 ||
    die "pip install $* failed: mend the network or leave LiteLLM out with --without-litellm"
  touch "$venv/.complete"
}
