# Row 10: the double, from the start of the process to its first chat answer: with one rule, and with
# 10,000. What 10,000 rules add to the latency of an answer, and what matching takes by itself.

many_rules=10000

row_10() {
  write_many_rules >"$tmp/many-rules.yaml"
  first_answer one "$bench/doubles/playhouse/answer.yaml" 30 'one rule' || return
  first_answer many "$tmp/many-rules.yaml" 300 "$many_rules rules" || return
  matching && matching_itself
}

# Rules of several kinds for other requests, and one at the end that answers the bench's body. The
# numbers have five digits each, so that no rule's text is a part of another's.
write_many_rules() {
  awk -v rules="$many_rules" 'BEGIN {
    print "rules:"
    for (rule = 1; rule < rules; rule++) {
      number = sprintf("%05d", rule)
      print "  - name: rule-" number
      if (rule % 4 == 0) print "    when: {user: \"exactly the text of order " number "\"}"
      if (rule % 4 == 1) print "    when: {model: \"gpt-4o*\", user: \"customer " number " of the shop\"}"
      if (rule % 4 == 2) print "    when: {user: {matches: \"order #" number "-(\\\\d+) of (\\\\w+)\"}}"
      if (rule % 4 == 3) print "    when: {header: {x-case: \"case " number "\"}}"
      print "    reply: \"Hello, number " number "\""
    }
    print "  - when: {model: \"gpt-4o*\", user: lazy dog}\n    reply: It is found."
  }'
}

# first_answer NAME SCRIPT LIMIT_MS WORDS
first_answer() {
  local start_ms
  double_command 9137 "$2"
  startup "double-$1" 10 9137 --path "$double_route" --body "$bodies/chat.json" --key "$key" --idle-ms 0 || return
  start_ms=$(calc "$(figure start_p50_us) / 1000" %.1f)
  at_most "10 double, $4: start to first answer" "$start_ms ms" "slowest $(calc "$(figure start_max_us) / 1000" %.1f) ms" \
    "$start_ms" "$3" ' ms'
}

# One connection, 2,000 requests a second, so that nothing waits for anything but its answer.
matching() {
  start_double one-rule 9138 "$bench/doubles/playhouse/answer.yaml" || return
  start_double many-rules 9139 "$tmp/many-rules.yaml" || return
  local name round
  for round in 1 2 3 4 5 6 7; do
    for name in one-rule many-rules; do matching_round "$name" || return; done
  done
  stop "${double_pid[one-rule]}" "${double_pid[many-rules]}"
  unset 'double_pid[one-rule]' 'double_pid[many-rules]'
  matching_figure
}

matching_round() {
  own_load 3 rate --url "${double_url[$1]}" --body "$bodies/chat.json" --rate 2000 --connections 1 \
    --seconds 1.5 --warm-up-s 0.3 || return
  [[ $(figure errors) == 0 ]] || { give_up "$1 failed $(figure errors) requests: $(figure first_error)"; return; }
  sample "$1.p50" "$(figure p50_us)"
  empty_log "$1"
}

matching_figure() {
  local many one
  many=$(median many-rules.p50) one=$(median one-rule.p50)
  at_most "10 double, $many_rules rules: matching adds to p50" "$many us" "one rule $one us" "$(calc "$many - $one" %+.0f)" 50 ' us'
}

# The 99th percentile over a socket is the machine's: its noise is a hundred times what matching takes.
# So matching is measured alone, rule after rule, in process.
matching_itself() {
  local target=${CARGO_TARGET_DIR:-$root/target} figures match_us
  (cd "$root" && cargo build --quiet --release --package playhouse-mock --example match_cost --target-dir "$target") ||
    { give_up 'the example match_cost cannot be built'; return; }
  figures=$(timeout 60 taskset -c "$sut_core" "$target/release/examples/match_cost" 2>&1) || { give_up "match_cost failed: $figures"; return; }
  match_us=$(sed -n 's/.*"match_p99_us": \([0-9.]*\).*/\1/p' <<<"$figures")
  at_most "10 double, $many_rules rules: matching itself, p99" "$match_us us" '' "$match_us" 50 ' us'
}
