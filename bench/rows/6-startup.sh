# Row 6: from the start of the process to its first 200 on /health, each time with a new data
# folder; memory when nothing has been asked of it.

row_6() {
  local start_ms idle_mib
  fastapi_command 9112
  startup fastapi 3 9112 || return
  start_ms=$(calc "$(figure start_p50_us) / 1000" %.0f) idle_mib=$(calc "$(figure idle_p50_kib) / 1024" %.0f)
  playhouse_command 9125 "$stub" "$tmp/start-{run}"
  startup playhouse 10 9125 || return
  below '6  start to first 200 on /health' "$(calc "$(figure start_p50_us) / 1000" %.1f) ms" \
    "FastAPI $start_ms ms" "$(calc "$(figure start_p50_us) / 1000" %.1f)" 50 ' ms'
  below '6  idle memory' "$(calc "$(figure idle_p50_kib) / 1024" %.1f) MiB" \
    "FastAPI $idle_mib MiB" "$(calc "$(figure idle_p50_kib) / 1024" %.1f)" 30 ' MiB'
}

# startup NAME RUNS PORT ARGUMENTS…: of $command.
startup() {
  report=$(on_load_core 20 "$tool" startup --address "127.0.0.1:$3" --runs "$2" "${@:4}" \
    --log "$tmp/start-$1.log" -- taskset -c "$sut_core" "${command[@]}" 2>&1) ||
    give_up "$1 did not start: $(last_words "start-$1")($report)"
}
