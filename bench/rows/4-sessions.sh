# Row 4: POST /v1/chat, 64 connections, each in a session of its own; Playhouse keeps the sessions
# in SQLite, the FastAPI stack in memory. Both show the model the last 20 messages.

row_4() {
  local ours theirs round
  start_playhouse native 9124 "$stub" PLAYHOUSE_CHAT__HISTORY_MESSAGES=20 || return
  start_fastapi || return
  sessions_round warm 1 || return
  unset 'samples[playhouse.turns]' 'samples[fastapi.turns]'
  for round in a b c; do
    sessions_round "$round" 4 || return
  done
  stop "$playhouse_pid" "$fastapi_pid"
  ours=$(median playhouse.turns) theirs=$(median fastapi.turns)
  at_least "4  native chat with sessions: throughput" "$(calc "$ours" %.0f)/s" \
    "FastAPI $(calc "$theirs" %.0f)/s" "$(calc "$ours / $theirs" %.1f)" 20 x
}

# sessions_round NAME SECONDS: both servers, the same session ids.
sessions_round() {
  sessions_load fastapi 9110 "$1" "$2" || return
  sessions_load playhouse 9124 "$1" "$2" || return
  empty_log native
  empty_log fastapi
}

# sessions_load SERVER PORT ROUND SECONDS
sessions_load() {
  own_load "$4" closed --url "http://127.0.0.1:$2/v1/chat" --body "$bodies/native.json" \
    --session-prefix "bench-$3" --seconds "$4" || return
  [[ $(figure errors) == 0 ]] || { give_up "$1 failed $(figure errors) turns: $(figure first_error)"; return; }
  sample "$1.turns" "$(figure rps)"
}
