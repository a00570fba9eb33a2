# Row 16: appends to the call ledger, 20,000 a second, while it is flushed and SQLite is written.

row_16() {
  local figures p99
  figures=$(timeout 60 "$examples/ledger_cost" 200000 20000 "$tmp" 2>&1) ||
    { give_up "ledger_cost failed: $figures"; return; }
  p99=$(awk '$1 == "p99" { print $2 }' <<<"$figures")
  below '16 ledger: append p99' "$p99 us" "p50 $(awk '$1 == "p50" { print $2 }' <<<"$figures") us" "$p99" 100 ' us'
}
