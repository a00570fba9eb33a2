# Row 3: relaying streams of 100 words, 64 connections. CPU an event beside nginx: once with the
# stub's streams, which come in one piece; once with every event in a packet of its own.

row_3() {
  streams_figure whole "in one piece" "$nginx_pid" "$nginx_stream" 9121 "$stream_stub" &&
    streams_figure apart "each event apart" "$nginx_paced_pid" "$nginx_apart" 9122 "$apart_upstream"
}

# streams_figure NAME WORDS NGINX_PID NGINX PORT UPSTREAM
streams_figure() {
  local name=$1 route=/v1/chat/completions body=$bodies/chat-stream.json ours theirs
  local theirs_pid=$3 theirs_url=$4$route ours_url=http://127.0.0.1:$5$route
  start_playhouse "$name" "$5" "$6" || return
  check_stream nginx "$theirs_url" "$body" --words 100 || return
  check_stream playhouse "$ours_url" "$body" --words 100 || return
  local round
  for round in 1 2 3 4 5; do
    wrk_load "$theirs_pid" "$theirs_url" "$body" 2 || return
    sample "nginx.$name" "$cpu_us"
    wrk_load "$playhouse_pid" "$ours_url" "$body" 2 || return
    sample "playhouse.$name" "$cpu_us"
    empty_log "$name"
  done
  stop "$playhouse_pid"
  ours=$(median "playhouse.$name") theirs=$(median "nginx.$name")
  at_most "3  streams, $2: CPU an event" "$(calc "$ours / 100") us" "nginx $(calc "$theirs / 100") us" \
    "$(calc "$ours / $theirs")" 2 x
}
