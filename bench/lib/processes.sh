# Everything that is started: pinned, waited for, ended by its pid when the run ends.

sut_core=0  # the system under test
load_core=1 # stub upstreams and load generators
key=sk-test # the API key of every server here
budget_s=280 # of measuring; no load starts that would not end within them
pids=()

# Makes the run's folder $tmp and promises to clear up.
begin() {
  tmp=$(mktemp -d "${TMPDIR:-/tmp}/playhouse-bench-run.XXXXXX") || die "cannot make a temporary folder"
  chmod 755 "$tmp" # nginx's worker is another user and reads the stub answers
  trap clear_up EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM
  ulimit -n "$(ulimit -Hn)"
  cd "$tmp" || exit # where no playhouse.toml is found
  SECONDS=0
}

clear_up() {
  trap '' INT TERM
  stop "${pids[@]}"
  if [[ $keep == yes ]]; then say "logs and data are in $tmp"; else rm -rf "$tmp"; fi
}

# start NAME CORE COMMAND…: in the background, its output in $tmp/NAME.log, its pid in $started.
start() {
  local name=$1 core=$2
  shift 2
  taskset -c "$core" "$@" >>"$tmp/$name.log" 2>&1 </dev/null &
  started=$!
  pids+=("$started")
}

# start_server NAME CORE PORT PATH COMMAND…: start, then wait for a 200 on PATH.
start_server() {
  local path=$4
  start_until "answers $3 $path" "${@:1:3}" "${@:5}"
}

# start_listener NAME CORE PORT COMMAND…: start, then wait for it to answer anything.
start_listener() { start_until "answers_at_all $3" "$@"; }

# start_until CHECK NAME CORE PORT COMMAND…
start_until() {
  local check=$1 name=$2 core=$3 port=$4
  shift 4
  if answers_at_all "$port"; then
    give_up "port $port, which $name needs, is in use"
    return
  fi
  start "$name" "$core" "$@"
  local deadline=$((SECONDS + 60))
  until $check; do
    kill -0 "$started" 2>/dev/null || { give_up "$name ended at once: $(last_words "$name")"; return; }
    ((SECONDS < deadline)) || { give_up "$name did not answer on port $port: $(last_words "$name")"; return; }
    sleep 0.1
  done
}

# answers PORT PATH: is it 200?
answers() { [[ $(ask "$1" "$2" 2>/dev/null) == 200 ]]; }

# answers_at_all PORT: does anything listen there?
answers_at_all() { [[ -n $(ask "$1" / 2>/dev/null) ]]; }

ask() {
  exec 3<>"/dev/tcp/127.0.0.1/$1" || return
  printf 'GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n' "$2" >&3
  local version status=''
  read -r -t 2 version status _ <&3
  echo "${status:-none}"
}

last_words() { tail -n 3 "$tmp/$1.log" 2>/dev/null | tr '\n' ' '; }

# stop PID…: all at once, gently, then not.
stop() {
  (($#)) || return 0
  kill -TERM "$@" 2>/dev/null
  local patience
  for ((patience = 50; patience > 0; patience--)); do
    kill -0 "$@" 2>/dev/null || break
    sleep 0.1
  done
  kill -KILL "$@" 2>/dev/null
  wait "$@" 2>/dev/null
  forget "$@"
}

forget() {
  local gone kept=() pid
  for pid in "${pids[@]}"; do
    for gone; do [[ $pid == "$gone" ]] && continue 2; done
    kept+=("$pid")
  done
  pids=("${kept[@]}")
}

# A log grows by megabytes a second under load; each round starts with an empty one.
empty_log() { : >"$tmp/$1.log"; }
