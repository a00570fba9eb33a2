# Loads, and what a server spent on them.

bodies=$bench/baselines/bodies
declare -A samples

# on_load_core SECONDS COMMAND…: pinned and bounded.
on_load_core() {
  local seconds=$1
  shift
  ((SECONDS + seconds < budget_s)) || { echo "no time left of the run's $budget_s s"; return 1; }
  timeout -k 2 "$((seconds + 15))" taskset -c "$load_core" "$@"
}

# wrk_load PID URL BODY SECONDS: 64 closed connections. Sets $rps and $cpu_us, what PID spent a request.
wrk_load() {
  local pid=$1 url=$2 body=$3 seconds=$4 before after out
  before=$(cpu_ticks "$pid")
  out=$(BODY=$body KEY=$key on_load_core "$seconds" \
    wrk -t1 -c64 -d"${seconds}s" --timeout 10s -s "$bench/baselines/post.lua" "$url" 2>&1) ||
    { give_up "wrk failed on $url: $out"; return; }
  after=$(cpu_ticks "$pid")
  if grep -qE 'Non-2xx|Socket errors' <<<"$out"; then
    give_up "$url did not answer all: $(grep -E 'Non-2xx|Socket errors' <<<"$out" | tr -s ' \n' ' ')"
    return
  fi
  rps=$(awk '/Requests\/sec/ { print $2 }' <<<"$out")
  cpu_us=$(ticks_to_us "$((after - before))" "$(awk '/requests in/ { print $1 }' <<<"$out")")
}

# own_load SECONDS ARGUMENTS…: playhouse-bench load; its figures are then read with `figure`.
own_load() {
  local seconds=$1
  shift
  report=$(on_load_core "$seconds" "$tool" load "$@" --key "$key" 2>&1) || give_up "load $1 failed: $report"
}

# figure NAME: of the last own_load or startup.
figure() { sed -n "s/^$1=//p" <<<"$report"; }

# check_stream NAME URL BODY ARGUMENTS…: a few streams, each whole, before any is counted.
check_stream() {
  own_load 5 streams --url "$2" --body "$3" "${@:4}" --streams 16 --timeout-s 10 || return
  [[ $(figure broken) == 0 ]] || give_up "$1 breaks streams: $(figure first_broken)"
}

# CPU ticks that a process and its children (nginx's worker) have spent.
cpu_ticks() {
  local pid total=0 spent
  for pid in "$1" $(cat "/proc/$1/task/$1/children"); do
    spent=$(sed 's/.*) //' "/proc/$pid/stat" | awk '{ print $12 + $13 }')
    total=$((total + spent))
  done
  echo "$total"
}

# ticks_to_us TICKS COUNT: µs for each of COUNT.
ticks_to_us() { awk -v t="$1" -v n="$2" -v hz="$(getconf CLK_TCK)" 'BEGIN { printf "%.3f", n ? t / hz * 1e6 / n : 0 }'; }

# peak_mib PID: the most memory that was ever resident.
peak_mib() { awk '/^VmHWM/ { printf "%.1f", $2 / 1024 }' "/proc/$1/status"; }

# sample NAME VALUE: remember the figure of one round.
sample() { samples[$1]+=" $2"; }

# median NAME: of all rounds.
median() {
  tr ' ' '\n' <<<"${samples[$1]:-}" | sort -g | awk 'NF { v[++n] = $1 }
    END { if (n) print n % 2 ? v[(n + 1) / 2] : (v[n / 2] + v[n / 2 + 1]) / 2 }'
}

# quartile NAME: what a quarter of all rounds did not exceed.
quartile() {
  tr ' ' '\n' <<<"${samples[$1]:-}" | sort -g | awk 'NF { v[++n] = $1 } END { if (n) print v[int((n + 3) / 4)] }'
}

calc() { awk "BEGIN { printf \"${2:-%.2f}\", $1 }"; }
