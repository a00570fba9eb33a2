# Row 1: POST /v1/chat/completions, 1 KB bodies, 64 connections. CPU a request beside nginx,
# throughput beside LiteLLM.

row_1() {
  start_chat || return
  local litellm_pid='' no_litellm=--without-litellm
  if [[ $with_litellm == yes ]] && ! start_litellm; then
    no_litellm=$reason unmeasured=1
  fi
  completions_rounds || return
  [[ -z $litellm_pid ]] || stop "$litellm_pid"
  completions_figures
}

# The instance that rows 1 and 2 measure.
start_chat() {
  [[ -z ${chat_pid:-} ]] || return 0
  start_playhouse chat 9120 "$stub" || return
  chat_pid=$playhouse_pid
}

completions_rounds() {
  local round
  wrk_load "$nginx_pid" "$nginx_chat/v1/chat/completions" "$bodies/chat.json" 1 || return
  wrk_load "$chat_pid" http://127.0.0.1:9120/v1/chat/completions "$bodies/chat.json" 1 || return
  for round in 1 2 3 4 5; do
    wrk_load "$nginx_pid" "$nginx_chat/v1/chat/completions" "$bodies/chat.json" 2 || return
    sample nginx.cpu "$cpu_us"
    playhouse_completions 2 || return
    [[ -n $litellm_pid ]] || continue
    wrk_load "$litellm_pid" http://127.0.0.1:9111/v1/chat/completions "$bodies/chat-stub.json" 3 || return
    sample litellm.rps "$rps"
    empty_log litellm
  done
}

# playhouse_completions SECONDS: one round.
playhouse_completions() {
  wrk_load "$chat_pid" http://127.0.0.1:9120/v1/chat/completions "$bodies/chat.json" "$1" || return
  sample playhouse.cpu "$cpu_us"
  sample playhouse.rps "$rps"
  empty_log chat
}

completions_figures() {
  local ours theirs name='1  chat completions'
  ours=$(median playhouse.cpu) theirs=$(median nginx.cpu)
  at_most "$name: CPU a request" "$(calc "$ours" %.1f) us" "nginx $(calc "$theirs" %.1f) us" \
    "$(calc "$ours / $theirs")" 1.6 x
  ours=$(median playhouse.rps) theirs=$(median litellm.rps)
  if [[ -n $theirs ]]; then
    at_least "$name: throughput" "$(calc "$ours" %.0f)/s" "LiteLLM $(calc "$theirs" %.0f)/s" \
      "$(calc "$ours / $theirs" %.0f)" 50 x
  else
    not_measured "$name: throughput" "$no_litellm"
  fi
}
