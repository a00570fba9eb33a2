# PostgreSQL and Redis for the rows that need them: throw-away, on the load core, on the loopback.

postgres_port=9160 redis_port=9161
database_url=postgres://bench@127.0.0.1:$postgres_port/postgres redis_url=redis://127.0.0.1:$redis_port
# What a playhouse is started with to use them.
with_stores=("DATABASE_URL=$database_url" "REDIS_URL=$redis_url")

# Where Debian keeps the servers' programs, else the PATH.
postgres_bin() { dirname "$(compgen -G '/usr/lib/postgresql/*/bin/initdb' | sort -V | tail -n 1 || command -v initdb)"; }

# start_stores: once a run.
start_stores() {
  [[ -z ${stores_pids:-} ]] || return 0
  start_postgres || return
  stores_pids=$started
  start redis "$load_core" redis-server --bind 127.0.0.1 --port "$redis_port" --save '' --appendonly no --dir "$tmp"
  stores_pids+=" $started"
}

# start_postgres: as it is delivered; its data is flushed as in production. It refuses to be root.
start_postgres() {
  local bin data=$tmp/postgres as=() deadline
  bin=$(postgres_bin) || { give_up 'PostgreSQL is missing: apt-get install postgresql'; return; }
  mkdir "$data"
  if ((EUID == 0)); then
    chown postgres "$data"
    as=(setpriv --reuid=postgres --regid=postgres --clear-groups)
  fi
  (cd / && "${as[@]}" "$bin/initdb" --auth=trust --encoding=UTF8 --locale=C --username=bench -D "$data") >"$tmp/initdb.log" 2>&1 ||
    { give_up "initdb failed: $(last_words initdb)"; return; }
  start postgres "$load_core" "${as[@]}" "$bin/postgres" -D "$data" -p "$postgres_port" \
    -c listen_addresses=127.0.0.1 -c "unix_socket_directories=$data" -c max_connections=100
  deadline=$((SECONDS + 30))
  until "$bin/pg_isready" -q -h 127.0.0.1 -p "$postgres_port"; do
    ((SECONDS < deadline)) || { give_up "PostgreSQL did not start: $(last_words postgres)"; return; }
    sleep 0.1
  done
}
