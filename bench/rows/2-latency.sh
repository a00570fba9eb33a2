# Row 2: latency at half of row 1's load, sent on a fixed schedule; what Playhouse adds to nginx.

row_2() {
  start_chat || return
  [[ -n $(median playhouse.rps) ]] || playhouse_completions 3 || return
  local rate round
  rate=$(calc "$(median playhouse.rps) / 2" %.0f)
  for ((round = 1; round <= 32; round++)); do
    latency_round nginx "$nginx_chat" "$rate" || return
    latency_round playhouse http://127.0.0.1:9120 "$rate" || return
    empty_log chat
  done
  latency_figure p50 0.3 "$rate" && latency_figure p99 1 "$rate" && quiet_figure "$rate"
}

# latency_round NAME SERVER RATE: a short window, so that a core that is taken away spoils that one and no more.
latency_round() {
  own_load 1 rate --url "$2/v1/chat/completions" --body "$bodies/chat.json" --rate "$3" --seconds 0.4 --warm-up-s 0.2 || return
  [[ $(figure errors) == 0 ]] || { give_up "$1 failed $(figure errors) requests: $(figure first_error)"; return; }
  sample "$1.p50" "$(figure p50_us)"
  sample "$1.p99" "$(figure p99_us)"
}

# latency_figure PERCENTILE LIMIT_MS RATE
latency_figure() {
  local ours theirs
  ours=$(median "playhouse.$1") theirs=$(median "nginx.$1")
  at_most "2  latency $1 at $3/s" "$(calc "$ours / 1000" %.3f) ms" "nginx $(calc "$theirs / 1000" %.3f) ms" \
    "$(calc "($ours - $theirs) / 1000" %+.3f)" "$2" ' ms'
}

# quiet_figure RATE: what the quarter of the windows that were disturbed least says.
quiet_figure() {
  local ours theirs
  ours=$(quartile playhouse.p99) theirs=$(quartile nginx.p99)
  for_information "2  latency p99 at $1/s, in the quietest quarter of all windows" \
    "$(calc "$ours / 1000" %.3f) ms" "nginx $(calc "$theirs / 1000" %.3f) ms"
}
