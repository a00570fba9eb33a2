# Row 18: streams of 100 words in one piece, 64 connections, every caller's protocol over every upstream's.

row_18() {
  start_protocols || return
  local caller upstream round same own
  for caller in "${protocols[@]}"; do
    for upstream in "${protocols[@]}"; do check_words "$caller" "$upstream" || return; done
  done
  for round in 1 2 3; do
    for caller in "${protocols[@]}"; do
      for upstream in "${protocols[@]}"; do protocol_load "$caller" "$upstream" 2 || return; done
    done
  done
  for caller in messages responses; do
    same=$(median "$caller-to-$caller") own=$(median chat-to-chat)
    at_most "18 $caller through: CPU an event" "$same us" "chat completions $own us" "$(calc "$same / $own")" 1.1 x
  done
  for caller in "${protocols[@]}"; do
    for upstream in "${protocols[@]}"; do
      [[ $caller == "$upstream" ]] || translated_figures "$caller" "$upstream"
    done
  done
}

# translated_figures CALLER UPSTREAM
translated_figures() {
  local ours same
  ours=$(median "$1-to-$2") same=$(median "$1-to-$1")
  at_least "18 $2 told as $1: rate" "$ours us" "$1 through $same us" "$(calc "$same / $ours")" 0.6 x
  at_most "18 $2 told as $1: CPU an event" "$ours us" '' "$ours" 3 ' us'
}
