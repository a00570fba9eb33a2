# Row 15: 8,000 streams open at once, 10 events/s each, over a server with PostgreSQL and Redis.

most=8000

row_15() {
  (($(ulimit -n) >= 2 * most + 1000)) ||
    { give_up "$((2 * most + 1000)) open files are needed and ulimit -n is $(ulimit -n)"; return; }
  start_stores || return
  start_playhouse most-streams 9129 "$slow_upstream" "${with_stores[@]}" || return
  own_load 30 streams --url http://127.0.0.1:9129/v1/chat/completions --body "$bodies/chat-stream.json" \
    --streams "$most" --ramp-s 5 --words "$paced_words" --timeout-s 40 || return
  local peak
  peak=$(peak_mib "$playhouse_pid")
  stop "$playhouse_pid"
  [[ $(figure broken) == 0 ]] || say "a broken stream: $(figure first_broken)"
  at_most "15 $most streams: broken" "$(figure broken) of $most" '' "$(figure broken)" 0 ''
  at_least "15 $most streams: open at once" "$(figure most_open)" '' "$(figure most_open)" "$most" ''
  below "15 $most streams: peak memory" "$peak MiB" '' "$peak" 250 ' MiB'
}
