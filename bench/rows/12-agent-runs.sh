# Row 12: 1,000 runs at once: each asks the double on a socket twice and calls a tool, and is kept step
# by step in SQLite. Both cores are used by all: what counts is that no run fails.

agent_runs=1000

row_12() {
  start_double model 9140 "$bench/agents/script.yaml" || return
  cp "$bench/agents/playhouse.toml" "$tmp/agents.toml"
  playhouse_command 9141 http://127.0.0.1:9140 "$tmp/agents" "PLAYHOUSE_CONFIG=$tmp/agents.toml"
  start_server agents "$sut_core" 9141 /health "${command[@]}" || return
  local server=$started out answered
  out=$(BODY=$bench/agents/run.json KEY=$key on_load_core 8 wrk -t1 -c$agent_runs -d8s --timeout 20s \
    -s "$bench/baselines/post.lua" http://127.0.0.1:9141/v1/agents/math/runs 2>&1) || { give_up "wrk failed: $out"; return; }
  answered=$(awk '/requests in/ { print $1 }' <<<"$out")
  agent_figures "$out" "$answered" "$server" || return
  stop "$server" "${double_pid[model]}"
  unset 'double_pid[model]'
}

# agent_figures WRK_OUTPUT ANSWERED PID
agent_figures() {
  local failed unfinished
  failed=$(grep -oE 'Non-2xx or 3xx responses: [0-9]+|connect [0-9]+|timeout [0-9]+' <<<"$1" | awk '{ sum += $NF } END { print sum + 0 }')
  unfinished=$(unfinished_runs) || { give_up 'the runs cannot be listed'; return; }
  at_most "12 agent, $agent_runs runs at once: failed" "$failed of $2" '' "$failed" 0 ''
  at_most "12 agent, $agent_runs runs at once: ended without an answer" "$unfinished" '' "$unfinished" 0 ''
  for_information "12 agent, $agent_runs runs at once: runs" "$(awk '/Requests\/sec/ { print $2 }' <<<"$1")/s" "peak memory $(peak_mib "$3") MiB"
}

# Runs that ended as anything but completed; those cut off by the end of the load are cancelled.
unfinished_runs() {
  local status count=0 listed
  for status in failed step_limit token_limit cost_limit time_limit repeated_calls unclear; do
    listed=$(curl -sf -H "authorization: Bearer $key" "http://127.0.0.1:9141/v1/runs?status=$status&limit=100") || return 1
    count=$((count + $(tr ',' '\n' <<<"$listed" | grep -c '"id":')))
  done
  echo "$count"
}
