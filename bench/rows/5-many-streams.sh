# Row 5: 5,000 streams open at once, 20 events/s each, every one checked whole; memory at the most.

many=5000

row_5() {
  (($(ulimit -n) >= 2 * many + 1000)) ||
    { give_up "$((2 * many + 1000)) open files are needed and ulimit -n is $(ulimit -n)"; return; }
  local broken=0 most_open=$many round
  for round in a b; do
    many_streams nginx "$nginx_paced_pid" "$nginx_paced" || return
    [[ $(figure broken) == 0 ]] || { give_up "nginx breaks streams too: $(figure first_broken)"; return; }
    start_playhouse "paced-$round" 9123 "$paced_upstream" || return
    many_streams playhouse "$playhouse_pid" http://127.0.0.1:9123 || return
    stop "$playhouse_pid"
    broken=$((broken + $(figure broken)))
    most_open=$(($(figure most_open) < most_open ? $(figure most_open) : most_open))
    [[ $(figure broken) == 0 ]] || say "a broken stream: $(figure first_broken)"
  done
  many_figures "$broken" "$most_open"
}

# many_streams NAME PID SERVER
many_streams() {
  own_load 20 streams --url "$3/v1/chat/completions" --body "$bodies/chat-stream.json" \
    --streams "$many" --ramp-s 3 --words "$paced_words" --timeout-s 30 || return
  sample "$1.events" "$(figure events_per_s)"
  sample "$1.peak_mib" "$(peak_mib "$2")"
}

# many_figures BROKEN MOST_OPEN
many_figures() {
  local peak streams="5  $many streams at 20 events/s"
  at_most "$streams: broken" "$1 of $((2 * many))" '' "$1" 0 ''
  at_least "$streams: open at once" "$2" '' "$2" "$many" ''
  peak=$(calc "$(median playhouse.peak_mib)" %.0f)
  below "$streams: peak memory" "$peak MiB" '' "$peak" 200 ' MiB'
  for_information "$streams: events relayed" "$(calc "$(median playhouse.events)" %.0f)/s" \
    "nginx $(calc "$(median nginx.events)" %.0f)/s"
}
