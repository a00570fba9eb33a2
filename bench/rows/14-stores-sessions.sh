# Row 14: row 4's load with sessions in PostgreSQL and Redis beside, the server on one core. The FastAPI
# stack keeps its sessions in its own memory.

row_14() {
  start_stores || return
  local ours theirs round
  start_playhouse shared-native 9128 "$stub" PLAYHOUSE_CHAT__HISTORY_MESSAGES=20 "${with_stores[@]}" || return
  start_fastapi || return
  shared_round warm 1 || return
  unset 'samples[shared.turns]' 'samples[memory.turns]'
  for round in a b c; do
    shared_round "$round" 4 || return
  done
  stop "$playhouse_pid" "$fastapi_pid"
  ours=$(median shared.turns) theirs=$(median memory.turns)
  at_least '14 native chat over PostgreSQL and Redis: turns' "$(calc "$ours" %.0f)/s" \
    "FastAPI, in memory, $(calc "$theirs" %.0f)/s" "$(calc "$ours" %.0f)" 3000 '/s'
  for_information '14 native chat over PostgreSQL and Redis: ratio' "$(calc "$ours / $theirs" %.1f)x" ''
}

# shared_round NAME SECONDS: both servers, the same session ids.
shared_round() {
  turns_load memory 9110 "$1" "$2" || return
  turns_load shared 9128 "$1" "$2" || return
  empty_log shared-native
  empty_log fastapi
}

# turns_load SERVER PORT ROUND SECONDS
turns_load() {
  own_load "$4" closed --url "http://127.0.0.1:$2/v1/chat" --body "$bodies/native.json" \
    --session-prefix "stores-$3" --seconds "$4" || return
  [[ $(figure errors) == 0 ]] || { give_up "$1 failed $(figure errors) turns: $(figure first_error)"; return; }
  sample "$1.turns" "$(figure rps)"
}
