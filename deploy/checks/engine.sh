# A Docker engine with compose, and the base images: what is there, or what this machine can make. Sourced.

BASE_IMAGES=(rust:1.95-slim-bookworm redis:7-alpine postgres:17-alpine)

# Beside a checkout on machines without a registry, there may be a script that makes engine and images.
OFFLINE_IMAGES=${PLAYHOUSE_OFFLINE_IMAGES:-$root/../shared/tools/offline-images.sh}

# Set when the engine is ours to stop.
engine_pid=

engine_answers() { docker info >/dev/null 2>&1 && docker compose version >/dev/null 2>&1; }

# Fails when there is no engine and none can be had.
start_engine() {
    if engine_answers; then return; fi
    if [ "$(id -u)" != 0 ] || [ ! -x "$OFFLINE_IMAGES" ]; then return 1; fi
    local was_there=
    if docker info >/dev/null 2>&1; then was_there=yes; fi
    "$OFFLINE_IMAGES" --engine || return 1
    [ -n "$was_there" ] || engine_pid=$(cat /run/docker.pid)
}

# Images that are there are taken; what no registry gives within a minute is made here.
have_base_images() {
    local image missing=()
    for image in "${BASE_IMAGES[@]}"; do
        if ! docker image inspect "$image" >/dev/null 2>&1; then missing+=("$image"); fi
    done
    if [ ${#missing[@]} = 0 ]; then return; fi
    if [ -z "$engine_pid" ] && timeout 60 docker pull --quiet "${missing[0]}" >/dev/null 2>&1; then
        printf '%s\n' "${missing[@]}" | xargs -n1 docker pull --quiet >/dev/null
        return
    fi
    if [ ! -x "$OFFLINE_IMAGES" ]; then
        echo "no registry answers, and these images are not here: ${missing[*]}" >&2
        return 1
    fi
    "$OFFLINE_IMAGES" "${missing[@]}"
}

# The images stay for the next time.
stop_engine() {
    if [ -z "$engine_pid" ]; then return; fi
    kill "$engine_pid" 2>/dev/null || true
    timeout 60 tail --pid="$engine_pid" --follow /dev/null || true
    engine_pid=
}
