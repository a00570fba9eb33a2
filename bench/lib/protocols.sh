# One server over three upstreams, each of which streams the same 100 words in a protocol of its own.

protocols=(chat messages responses)
declare -A protocol_route=([chat]=/v1/chat/completions [messages]=/v1/messages [responses]=/v1/responses)
declare -A protocol_vendor=([chat]=custom [messages]=custom-anthropic [responses]=custom-responses)
# Streams in one piece, from files; and with every event in a packet of its own, 500 events/s on each stream.
declare -A whole_stub=([chat]=9170 [messages]=9171 [responses]=9172)
declare -A apart_stub=([chat]=9105 [messages]=9176 [responses]=9177)

# start_protocols: once a run. Sets $protocols_pid.
start_protocols() {
  [[ -z ${protocols_pid:-} ]] || return 0
  local protocol
  for protocol in "${protocols[@]}"; do
    "$tool" answer --protocol "$protocol" --words 100 >"$tmp/$protocol.sse" || { give_up "no answer in $protocol"; return; }
    provider "whole-$protocol" "$protocol" "${whole_stub[$protocol]}"
    provider "apart-$protocol" "$protocol" "${apart_stub[$protocol]}"
    [[ $protocol == chat ]] || start_paced "${apart_stub[$protocol]}" 500 100 --protocol "$protocol"
  done >"$tmp/protocols.toml"
  start_nginx protocols "$load_core" "${whole_stub[chat]}"
  playhouse_command 9173 "$stub" "$tmp/protocols" "PLAYHOUSE_CONFIG=$tmp/protocols.toml"
  start_server protocols-server "$sut_core" 9173 /health "${command[@]}" || return
  protocols_pid=$started
}

# provider NAME PROTOCOL PORT: as a section of the configuration.
provider() {
  printf '[providers.%s]\nvendor = "%s"\nbase_url = "http://127.0.0.1:%s/v1"\napi_key = "sk-stub"\n' \
    "$1" "${protocol_vendor[$2]}" "$3"
}

# protocol_body CALLER PROVIDER: sets $body to a file that asks for a stream.
protocol_body() {
  body=$tmp/$1-to-$2.json
  local question='Please summarise the following text in one short paragraph. The quick brown fox jumps over the lazy dog.'
  case $1 in
    responses) printf '{"model": "%s/m", "input": "%s", "store": false, "stream": true}' "$2" "$question" ;;
    *) printf '{"model": "%s/m", "max_tokens": 300, "messages": [{"role": "user", "content": "%s"}], "stream": true}' "$2" "$question" ;;
  esac >"$body"
}

# protocol_load HOW CALLER UPSTREAM SECONDS: a sample of the CPU time of an event, in µs.
protocol_load() {
  local body
  protocol_body "$2" "$1-$3"
  wrk_load "$protocols_pid" "http://127.0.0.1:9173${protocol_route[$2]}" "$body" "$4" || return
  sample "$1-$2-to-$3" "$(calc "$cpu_us / 100" %.4f)"
  empty_log protocols-server
}

# check_words CALLER UPSTREAM: one stream has every word, once and in order.
check_words() {
  local body told
  protocol_body "$1" "whole-$2"
  told=$(curl -sfN -H "authorization: Bearer $key" -H 'content-type: application/json' --data-binary "@$body" \
    "http://127.0.0.1:9173${protocol_route[$1]}" | grep -oE '"(content|text|delta)": ?" word[0-9]+"' | grep -oE '[0-9]+' | tr '\n' ' ')
  [[ $told == "$(seq -s ' ' 0 99) " ]] || give_up "the stream from $2 to $1 is not whole"
}
