# The stub upstreams, the baselines and the server under test, each with its port.

stub=http://127.0.0.1:9100           # whole answers
stream_stub=http://127.0.0.1:9101    # streams, in one piece
slow_upstream=http://127.0.0.1:9108   # streams, 10 events/s each, every event apart
apart_upstream=http://127.0.0.1:9105 # streams, 500 events/s each, every event apart
paced_upstream=http://127.0.0.1:9107 # streams, 20 events/s each, every event apart
otlp_sink=http://127.0.0.1:9109
nginx_chat=http://127.0.0.1:9102 nginx_stream=http://127.0.0.1:9103
nginx_apart=http://127.0.0.1:9104 nginx_paced=http://127.0.0.1:9106
paced_words=120 # 6 s a stream, so that all are open at once after a ramp of 3 s

start_upstreams() {
  cp "$bench"/baselines/upstream/* "$bench"/upstream/* "$tmp"
  asked_for "$upstream_rows" || return 0
  start_nginx stub "$load_core" 9100
  start_nginx proxy "$sut_core" 9102
  nginx_pid=$started
  start_paced 9105 500 100
  start_paced 9107 20 "$paced_words"
  start_nginx paced-proxy "$sut_core" 9104
  nginx_paced_pid=$started
  if asked_for 15; then start_paced 9108 10 "$paced_words"; fi
  if asked_for 19; then start_paced 9175 20 60 --protocol messages; fi
  if asked_for 17; then start_nginx otlp-sink "$load_core" 9109; fi
}

# start_nginx NAME CORE PORT: with $tmp/NAME.conf.
start_nginx() { start_server "$1" "$2" "$3" / nginx -p "$tmp" -c "$tmp/$1.conf" || die "$reason"; }

# start_paced PORT EVENTS_PER_SECOND WORDS [ARGUMENTS…]
start_paced() {
  start_server "paced-upstream-$1" "$load_core" "$1" / \
    "$tool" paced-upstream --listen "127.0.0.1:$1" --rate "$2" --words "$3" "${@:4}" || die "$reason"
}

# start_playhouse NAME PORT UPSTREAM [VARIABLE=VALUE…]: sets $playhouse_pid.
start_playhouse() {
  playhouse_command "$2" "$3" "$tmp/$1" "${@:4}"
  start_server "$1" "$sut_core" "$2" /health "${command[@]}" || return
  playhouse_pid=$started
}

# playhouse_command PORT UPSTREAM DATA_DIR [VARIABLE=VALUE…]: sets $command. Logs, call records,
# metrics and auth are on; nothing of the caller's environment comes in.
playhouse_command() {
  command=(env -i "PATH=$PATH" "HOME=$tmp" OPENAI_API_KEY=sk-stub "OPENAI_BASE_URL=$2/v1"
    "PLAYHOUSE_API_KEYS=$key" PLAYHOUSE_CHAT__MODEL=gpt-4o-mini "${@:4}"
    "$binary" serve --listen "127.0.0.1:$1" --data-dir "$3")
}

start_fastapi() {
  fastapi_command 9110
  start_server fastapi "$sut_core" 9110 /health "${command[@]}" || return
  fastapi_pid=$started
}

# fastapi_command PORT: sets $command.
fastapi_command() {
  command=(env OPENAI_API_KEY=sk-test "OPENAI_BASE_URL=$stub/v1"
    "$cache/fastapi/bin/uvicorn" --app-dir "$bench/baselines/fastapi_app" app:app --port "$1" --no-access-log)
}

start_litellm() {
  start_server litellm "$sut_core" 9111 /health/liveliness \
    env LITELLM_LOCAL_MODEL_COST_MAP=True NO_DOCS=True "PATH=$cache/litellm/bin:$PATH" \
    litellm --config "$tmp/litellm.yaml" --host 127.0.0.1 --port 9111 --num_workers 1 || return
  litellm_pid=$started
}

# What is compared, for the reader of the table.
describe_run() {
  say "playhouse: $("$binary" --version 2>/dev/null | head -n 1) ($binary)"
  say "baselines: $(nginx -v 2>&1 | sed 's/.*: //') $(baseline_versions)"
  say "machine: $(nproc) cores, data on $(stat -f -c %T "$tmp")"
  local load
  load=$(cut -d' ' -f1 /proc/loadavg)
  if [[ $(met "$load > 0.5") == yes ]]; then
    say "WARNING: load average $load: others are at work here, latencies will be wrong"
  fi
}

baseline_versions() {
  if asked_for "$upstream_rows"; then
    versions_in fastapi fastapi uvicorn
    [[ $with_litellm == no ]] || versions_in litellm litellm
  fi
  if asked_for "$double_rows"; then printf '%s ' "node $(node --version)" $(cut -d'|' -f2 <<<"$(printf '%s\n' "${other_doubles[@]}")"); fi
}

# versions_in VENV PACKAGE…
versions_in() {
  local venv=$1
  shift
  "$cache/$venv/bin/python" -c '
import sys
from importlib.metadata import version
print(*(f"{name} {version(name)}" for name in sys.argv[1:]), sep=", ", end=" ")' "$@"
}
