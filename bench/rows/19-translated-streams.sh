# Row 19: 2,000 streams open at once whose every event is translated; memory a stream.

translated=2000

row_19() {
  provider messages messages 9175 >"$tmp/translated.toml"
  playhouse_command 9174 "$stub" "$tmp/translated" "PLAYHOUSE_CONFIG=$tmp/translated.toml"
  start_server translated "$sut_core" 9174 /health "${command[@]}" || return
  local pid=$started idle body peak each
  protocol_body chat messages
  # What the first requests bring about for all is not of any one stream.
  own_load 5 streams --url http://127.0.0.1:9174/v1/chat/completions --body "$body" --streams 20 --words 60 --timeout-s 15 || return
  idle=$(peak_mib "$pid")
  own_load 20 streams --url http://127.0.0.1:9174/v1/chat/completions --body "$body" \
    --streams "$translated" --ramp-s 2 --words 60 --timeout-s 30 || return
  peak=$(peak_mib "$pid")
  stop "$pid"
  each=$(calc "($peak - $idle) * 1024 / $translated" %.1f)
  [[ $(figure broken) == 0 ]] || say "a broken stream: $(figure first_broken)"
  at_most "19 $translated translated streams: broken" "$(figure broken) of $translated" '' "$(figure broken)" 0 ''
  at_least "19 $translated translated streams: open at once" "$(figure most_open)" '' "$(figure most_open)" "$translated" ''
  below "19 $translated translated streams: memory a stream" "$each KiB" "idle $idle MiB" "$each" 24 ' KiB'
}
