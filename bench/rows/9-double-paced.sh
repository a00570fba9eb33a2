# Row 9: the double, 10,000 streams open at once, two events a second each: how late events come,
# and the most memory. Every stream is checked whole.

paced_streams=10000
paced_event_ms=500 # doubles/playhouse/paced.yaml says the same

row_9() {
  (($(ulimit -n) >= paced_streams + 1000)) ||
    { give_up "$((paced_streams + 1000)) open files are needed and ulimit -n is $(ulimit -n)"; return; }
  local broken=0 early=0 most_open=$paced_streams round
  for round in a b c; do
    start_double "paced-$round" 9136 "$bench/doubles/playhouse/paced.yaml" || return
    paced_round "paced-$round" || return
    stop "${double_pid[paced-$round]}"
    unset "double_pid[paced-$round]"
    broken=$((broken + $(figure broken))) early=$((early + $(figure early)))
    most_open=$(($(figure most_open) < most_open ? $(figure most_open) : most_open))
    [[ $(figure broken) == 0 ]] || say "a broken stream: $(figure first_broken)"
  done
  paced_figures
}

# paced_round NAME: as long as a stream lasts (10 s) and a ramp of 8 s.
paced_round() {
  own_load 25 streams --url "${double_url[$1]}" --body "$bodies/chat-stream.json" "${stream_check[@]}" \
    --streams "$paced_streams" --ramp-s 8 --pace-ms "$paced_event_ms" --timeout-s 30 || return
  sample paced.late_us "$(figure late_p99_us)"
  sample paced.usual_us "$(figure late_p50_us)"
  sample paced.peak_mib "$(peak_mib "${double_pid[$1]}")"
}

paced_figures() {
  local streams="9  double, $paced_streams paced streams" late peak
  at_most "$streams: broken" "$broken of $((3 * paced_streams))" '' "$broken" 0 ''
  at_most "$streams: events before their time" "$early" '' "$early" 0 ''
  at_least "$streams: open at once" "$most_open" '' "$most_open" "$paced_streams" ''
  late=$(calc "$(median paced.late_us) / 1000" %.1f)
  below "$streams: lateness p99" "$late ms" "p50 $(calc "$(median paced.usual_us) / 1000" %.1f) ms" "$late" 10 ' ms'
  peak=$(calc "$(median paced.peak_mib)" %.0f)
  below "$streams: peak memory" "$peak MiB" '' "$peak" 300 ' MiB'
}
