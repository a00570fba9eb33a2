# Row 8: the double, streams of 20 events without pace, 64 connections, beside every other double.

row_8() {
  start_double double 9133 "$bench/doubles/playhouse/stream.yaml" || return
  start_others stream 9134 || return
  local name ours theirs
  for name in double $(other_names); do
    check_stream "$name" "${double_url[$name]}" "$bodies/chat-stream.json" "${stream_check[@]}" || return
    wrk_load "${double_pid[$name]}" "${double_url[$name]}" "$bodies/chat-stream.json" 1 || return
  done
  double_rounds event_streams_round 5 2 double $(other_names) || return
  stop_doubles
  ours=$(median double.streams)
  for name in $(other_names); do
    theirs=$(median "$name.streams")
    at_least '8  double, streams of 20 events' "$(calc "$ours" %.0f)/s" "$name $(calc "$theirs" %.0f)/s" \
      "$(calc "$ours / $theirs" %.1f)" 5 x
  done
  for_information '8  double, streams: CPU an event' "$(calc "$(median double.stream_us) / 20") us" ''
}

# event_streams_round NAME SECONDS
event_streams_round() {
  wrk_load "${double_pid[$1]}" "${double_url[$1]}" "$bodies/chat-stream.json" "$2" || return
  sample "$1.streams" "$rps"
  sample "$1.stream_us" "$cpu_us"
  empty_log double
}
