# Row 7: the double, one fixed answer, 64 connections. CPU a request beside nginx, which answers
# with a file; throughput beside every other double.

row_7() {
  start_nginx file "$sut_core" 9130
  double_pid[nginx]=$started double_url[nginx]=http://127.0.0.1:9130$double_route
  start_double double 9131 "$bench/doubles/playhouse/answer.yaml" || return
  start_others answer 9132 || return
  local name
  for name in nginx double $(other_names); do answers_round "$name" 1 || return; done
  for name in nginx double $(other_names); do unset "samples[$name.answer_us]" "samples[$name.answers]"; done
  double_rounds answers_round 5 2 nginx double || return
  double_rounds answers_round 3 2 $(other_names) double || return
  stop_doubles
  double_answers_figures
}

# double_rounds ROUND COUNT SECONDS NAME…: COUNT rounds that alternate between the servers.
double_rounds() {
  local round=$1 count=$2 seconds=$3 name
  shift 3
  for ((; count > 0; count--)); do
    for name; do "$round" "$name" "$seconds" || return; done
  done
}

# answers_round NAME SECONDS
answers_round() {
  wrk_load "${double_pid[$1]}" "${double_url[$1]}" "$bodies/chat.json" "$2" || return
  sample "$1.answer_us" "$cpu_us"
  sample "$1.answers" "$rps"
  empty_log double
}

double_answers_figures() {
  local ours theirs name
  ours=$(median double.answer_us) theirs=$(median nginx.answer_us)
  at_most '7  double, one answer: CPU a request' "$(calc "$ours" %.1f) us" "nginx, a file $(calc "$theirs" %.1f) us" \
    "$(calc "$ours / $theirs")" 1.6 x
  ours=$(median double.answers)
  for name in $(other_names); do
    theirs=$(median "$name.answers")
    at_least '7  double, one answer: throughput' "$(calc "$ours" %.0f)/s" "$name $(calc "$theirs" %.0f)/s" \
      "$(calc "$ours / $theirs" %.1f)" 1 x
  done
}
