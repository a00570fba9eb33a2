# The double, and the other doubles measured beside it.

# The other doubles, one entry each: its name, its npm package with the version, its command. In the
# command, {port} is where it shall listen, {fixtures} the folder doubles/NAME/answer or
# doubles/NAME/stream: the one answer to everything, whole or as 20 events.
other_doubles=(
  'aimock|@copilotkit/aimock@1.43.0|node node_modules/.bin/llmock -p {port} -f {fixtures} --log-level silent'
)

double_route=/v1/chat/completions
# What a stream of 20 events says: 20 words of one token and six letters each, so that doubles that
# cut by tokens and those that cut by letters send as many events.
stream_text=' water house world light night money power story point study group field front table party woman child paper music heart'
stream_check=(--text "$stream_text" --pieces 20)

declare -A double_pid double_url

# start_double NAME PORT SCRIPT: ours, with everything on: strict, journal, a log line a call in a file.
start_double() {
  double_command "$2" "$3"
  start_server "$1" "$sut_core" "$2" /health "${command[@]}" || return
  double_pid[$1]=$started double_url[$1]=http://127.0.0.1:$2$double_route
}

# double_command PORT SCRIPT: sets $command; nothing of the caller's environment comes in.
double_command() {
  command=(env -i "PATH=$PATH" "HOME=$tmp" "$binary" mock "$2" --listen "127.0.0.1:$1")
}

# start_others ANSWER PORT: every other double with doubles/NAME/ANSWER, from this port on.
start_others() {
  local answer=$1 port=$2 entry name package command
  for entry in "${other_doubles[@]}"; do
    IFS='|' read -r name package command <<<"$entry"
    command=${command//\{port\}/$port}
    command=${command//\{fixtures\}/$bench/doubles/$name/$answer}
    start_other "$name" "$port" "$answer" "$command" || return
    port=$((port + 1))
  done
}

# start_other NAME PORT ANSWER COMMAND: from the folder of its package.
start_other() {
  local words
  read -r -a words <<<"$4"
  start_listener "$1-$3" "$sut_core" "$2" env -C "$cache/$1" "${words[@]}" || return
  double_pid[$1]=$started double_url[$1]=http://127.0.0.1:$2$double_route
}

# other_names: of all other doubles.
other_names() { printf '%s\n' "${other_doubles[@]%%|*}"; }

stop_doubles() {
  stop "${double_pid[@]}"
  double_pid=()
}

# install_doubles: once each; later runs use what is there.
install_doubles() {
  local entry name package
  for entry in "${other_doubles[@]}"; do
    IFS='|' read -r name package _ <<<"$entry"
    [[ $(cat "$cache/$name/.complete" 2>/dev/null) == "$package" ]] && continue
    say "installing $package in $cache/$name (once, not part of the measuring)"
    npm install --prefix "$cache/$name" --ignore-scripts --no-audit --no-fund --silent "$package" >&2 ||
      die "npm install $package failed: mend the network"
    echo "$package" >"$cache/$name/.complete"
  done
}
