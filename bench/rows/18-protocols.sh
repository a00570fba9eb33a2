# Row 18: streams of 100 words, 64 connections, every caller's protocol over every upstream's, in one piece, and each
# event apart, as models send them: the rate beside that of a stream that goes through. In one piece also the CPU time
# of an event, all of it counted as ours.

row_18() {
  start_protocols || return
  local caller upstream
  for caller in "${protocols[@]}"; do
    for upstream in "${protocols[@]}"; do check_words "$caller" "$upstream" || return; done
  done
  all_pairs whole 2 && all_pairs apart 2 || return
  for caller in messages responses; do
    through_figure whole "$caller" 'in one piece' && through_figure apart "$caller" 'each apart'
  done
  for caller in "${protocols[@]}"; do
    for upstream in "${protocols[@]}"; do
      [[ $caller == "$upstream" ]] || translated_figures "$caller" "$upstream"
    done
  done
}

# all_pairs HOW SECONDS: three rounds.
all_pairs() {
  local round caller upstream
  for round in 1 2 3; do
    for caller in "${protocols[@]}"; do
      for upstream in "${protocols[@]}"; do protocol_load "$1" "$caller" "$upstream" "$2" || return; done
    done
  done
}

# through_figure HOW PROTOCOL WORDS
through_figure() {
  local same own
  same=$(median "$1-$2-to-$2") own=$(median "$1-chat-to-chat")
  at_most "18 $2 through, $3: CPU an event" "$same us" "chat completions $own us" "$(calc "$same / $own")" 1.1 x
}

# translated_figures CALLER UPSTREAM
translated_figures() {
  local ours same
  ours=$(median "whole-$1-to-$2")
  at_most "18 $2 told as $1, in one piece: CPU an event" "$ours us" '' "$ours" 3 ' us'
  same=$(median "whole-$1-to-$1")
  at_least "18 $2 told as $1, in one piece: rate" "$ours us" "$1 through $same us" "$(calc "$same / $ours")" 0.6 x
  ours=$(median "apart-$1-to-$2") same=$(median "apart-$1-to-$1")
  at_least "18 $2 told as $1, each apart: rate" "$ours us" "$1 through $same us" "$(calc "$same / $ours")" 0.6 x
}
