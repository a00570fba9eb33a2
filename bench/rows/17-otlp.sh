# Row 17: row 1's load with traces and metrics exported over OTLP, beside the same server without.

row_17() {
  local off_pid on_pid round on off
  start_playhouse untold 9132 "$stub" || return
  off_pid=$playhouse_pid
  start_playhouse told 9133 "$stub" "OTEL_EXPORTER_OTLP_ENDPOINT=$otlp_sink" || return
  on_pid=$playhouse_pid
  for round in 1 2 3 4 5 6; do
    told_load untold "$off_pid" 9132 || return
    told_load told "$on_pid" 9133 || return
  done
  stop "$off_pid" "$on_pid"
  on=$(median told.rps) off=$(median untold.rps)
  at_least '17 OTLP on: throughput' "$(calc "$on" %.0f)/s" "off $(calc "$off" %.0f)/s" "$(calc "$on / $off")" 0.95 x
  on=$(median told.cpu) off=$(median untold.cpu)
  for_information '17 OTLP on: CPU a request' "$on us" "off $off us"
}

# told_load NAME PID PORT
told_load() {
  wrk_load "$2" "http://127.0.0.1:$3/v1/chat/completions" "$bodies/chat.json" 3 || return
  sample "$1.rps" "$rps"
  sample "$1.cpu" "$cpu_us"
  empty_log "$1"
}
