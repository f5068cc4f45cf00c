# What the run scripts share, for bash: programs that leave nothing behind, a nats-server of their own,
# and counted checks. Sourcing it makes the temporary folder $scratch, gone when the script ends.
set -euo pipefail
PATH=$PATH:/usr/sbin # where Debian puts nats-server

scratch=
trap clean_up EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

# end_jobs SECONDS: ends every job with all that it started, the last one first; by force when the time is over.
end_jobs() {
    set +e
    trap '' HUP INT TERM
    local group groups deadline=$((SECONDS + $1))
    groups=$(jobs -p | tac)
    disown -a # so that bash says nothing of their end
    for group in $groups; do
        kill -TERM -- "-$group"
        while kill -0 "$group" && [ $SECONDS -lt $deadline ]; do sleep 0.02; done
        kill -KILL -- "-$group"
    done 2>/dev/null
}

# A job has less time for its own jobs than the script that started it; see patience_s in tests/run.
clean_up() {
    end_jobs "${patience_s-4}"
    [ -z "$scratch" ] || rm -rf "$scratch"
}

scratch=$(mktemp -d "${TMPDIR:-/tmp}/tern.XXXXXX")

# start COMMAND...: in the background, as $!, in a process group of its own, which end_jobs ends.
# A function may start jobs too; they end with it.
start() {
    set -m
    if declare -F "$1" >/dev/null; then
        as_job "$@" </dev/null &
    else
        "$@" </dev/null &
    fi
    set +m
}

as_job() {
    disown -a # the jobs of the script itself
    trap 'end_jobs 2' EXIT
    trap 'exit 143' TERM
    set +m
    "$@"
}

# run COMMAND...: in the foreground, and still ended at once when this script is. A function stops at the
# first command that fails, but only where "run" is not itself part of a condition.
run() {
    start "$@"
    wait $!
}

# configure BUILD_DIR OPTION...: with Ninja, unless the folder has its generator already.
configure() {
    local build=$1
    shift
    [ -e "$build/CMakeCache.txt" ] || set -- -G Ninja "$@"
    run cmake -S . -B "$build" "$@" >"$scratch/configure.log" 2>&1 || {
        cat "$scratch/configure.log" >&2
        return 1
    }
}

# ---- A private nats-server, on a port of 127.0.0.1 ----

# start_server [PORT]: on a free port unless one is given. Sets server_pid, server_port and $NATS_URL.
start_server() {
    start nats-server -a 127.0.0.1 -p "${1:--1}" --ports_file_dir "$scratch" -l "$scratch/nats-server.log"
    server_pid=$!
    local ports="$scratch/nats-server_$server_pid.ports" deadline=$((SECONDS + 10))
    until [ -s "$ports" ] && grep -q 'Server is ready' "$scratch/nats-server.log"; do
        if [ $SECONDS -ge $deadline ] || ! kill -0 "$server_pid" 2>/dev/null; then
            echo "nats-server does not start:" >&2
            cat "$scratch/nats-server.log" >&2
            return 1
        fi
        sleep 0.02
    done
    NATS_URL=$(sed 's/.*"nats":\["\([^"]*\)".*/\1/' "$ports")
    export NATS_URL
    server_port=${NATS_URL##*:}
}

# Ends the server and waits until it is gone; its exit status is its own affair.
stop_server() {
    kill -TERM "$server_pid"
    wait "$server_pid" || :
    : >"$scratch/nats-server.log"
}

# until_line FILE PATTERN SECONDS: waits until FILE has a line that matches.
until_line() {
    local deadline=$((SECONDS + $3))
    until grep -q -- "$2" "$1" 2>/dev/null; do
        [ $SECONDS -lt $deadline ] || {
            echo "no line '$2' within $3 s" >&2
            return 1
        }
        sleep 0.02
    done
}

# ---- Checks ----

passed=0
failed=0

# check NAME COMMAND...: one test; its output shows only where it fails.
check() {
    local name=$1 log="$scratch/check.log"
    shift
    start "$@" >"$log" 2>&1
    if wait $!; then
        passed=$((passed + 1))
        echo "ok   $name"
    else
        failed=$((failed + 1))
        echo "FAIL $name"
        sed 's/^/     /' "$log"
    fi
}

summary() {
    echo "$passed passed, $failed failed"
    [ $failed -eq 0 ]
}
