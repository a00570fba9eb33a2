# Row 13: row 1's load with PostgreSQL and Redis, beside the same server without them.

row_13() {
  start_stores || return
  local plain_pid stores_pid round with without
  start_playhouse plain 9126 "$stub" || return
  plain_pid=$playhouse_pid
  start_playhouse stores 9127 "$stub" "${with_stores[@]}" || return
  stores_pid=$playhouse_pid
  stores_load stores "$stores_pid" 9127 1 && stores_load plain "$plain_pid" 9126 1 || return
  unset 'samples[stores.rps]' 'samples[plain.rps]'
  for round in 1 2 3 4 5; do
    stores_load plain "$plain_pid" 9126 3 || return
    stores_load stores "$stores_pid" 9127 3 || return
  done
  stop "$plain_pid" "$stores_pid"
  with=$(median stores.rps) without=$(median plain.rps)
  at_least '13 chat completions with PostgreSQL and Redis' "$(calc "$with" %.0f)/s" \
    "without $(calc "$without" %.0f)/s" "$(calc "$with / $without")" 0.8 x
}

# stores_load NAME PID PORT SECONDS
stores_load() {
  wrk_load "$2" "http://127.0.0.1:$3/v1/chat/completions" "$bodies/chat.json" "$4" || return
  sample "$1.rps" "$rps"
  empty_log "$1"
  # What is still on its way to the database would slow down the other's round.
  sleep 1
}
