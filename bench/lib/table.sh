# The table: one line a figure, whether its target is met computed from it.

lines=('figure|playhouse|baseline|result|target|met?')
unmeasured=0

# measure_row NUMBER: its figures, or one line that says why there are none.
measure_row() {
  reason=''
  say "row $1 ($SECONDS s)"
  "row_$1" && return
  unmeasured=1
  say "row $1: ${reason:-failed}"
  not_measured "row $1" "${reason:-failed}"
}

# at_most FIGURE OURS BASELINE RESULT LIMIT UNIT
at_most() { line "$1" "$2" "$3" "$4$6" "<= $5$6" "$4 <= $5"; }

# at_least FIGURE OURS BASELINE RESULT LIMIT UNIT
at_least() { line "$1" "$2" "$3" "$4$6" ">= $5$6" "$4 >= $5"; }

# below FIGURE OURS BASELINE RESULT LIMIT UNIT
below() { line "$1" "$2" "$3" "$4$6" "< $5$6" "$4 < $5"; }

# for_information FIGURE OURS BASELINE: no target.
for_information() { lines+=("$1|$2|$3|||"); }

# not_measured FIGURE REASON
not_measured() { lines+=("$1||not measured: ${2:0:60}||| "); }

line() { lines+=("$1|$2|$3|$4|$5|$(met "$6")"); }

met() { awk "BEGIN { print ($1) ? \"yes\" : \"no\" }"; }

print_table() {
  say "done in $SECONDS s"
  printf '%s\n' "${lines[@]}" | awk -F'|' '
    { for (i = 1; i <= 6; i++) { cell[NR, i] = $i; if (length($i) > width[i]) width[i] = length($i) } }
    END {
      for (row = 1; row <= NR; row++) {
        for (i = 1; i <= 6; i++) printf "| %-*s ", width[i], cell[row, i]
        print "|"
        if (row == 1) { for (i = 1; i <= 6; i++) { rule = sprintf("%*s", width[i] + 2, ""); gsub(/ /, "-", rule); printf "|%s", rule } print "|" }
      }
    }'
}
