#!/usr/bin/env bash
# What the front's protections cost: the same messages with them, and as on a kernel that has neither Landlock nor
# seccomp, in turns. usage: confinement_speed.sh CANONIFY [MESSAGES] [TURNS]      Needs root, python3; takes minutes.
# Give it a release build. Closes with "N passed, N failed": at least 90 % of the rate, at most 1/0.9 of the memory.
set -u
canonify=$(readlink -f "${1:?usage: confinement_speed.sh CANONIFY [MESSAGES] [TURNS]}")
messages=${2:-4000} turns=${3:-5}
here=$(cd "$(dirname "$0")" && pwd)
if [ -z "${CANONIFY_SPEED:-}" ]; then
    CANONIFY_SPEED=1 exec unshare -m -n "$0" "$canonify" "$messages" "$turns"
fi
ip link set lo up
scratch=$(mktemp -d /var/lib/canonify-speed.XXXXXX)
daemon=
trap '[ -z "$daemon" ] || kill "$daemon" 2>/dev/null; rm -rf "$scratch"' EXIT
chmod 755 "$scratch"
mkdir -m 700 "$scratch/local.queue" "$scratch/relay.queue" "$scratch/sink.queue"
mkdir "$scratch/mail"
chmod 1777 "$scratch/mail"
# the account that the front becomes
{ grep -v '^speed:' /etc/passwd; echo 'speed:x:64903:64903::/nonexistent:/usr/sbin/nologin'; } >"$scratch/passwd"
mount --bind "$scratch/passwd" /etc/passwd
site() { # NAME PORT LINES
    cat >"$scratch/$1.mc" <<MC
OSTYPE(\`linux')dnl
define(\`confDOMAIN_NAME', \`site.example')dnl
define(\`QUEUE_DIR', \`$scratch/$1.queue')dnl
define(\`ALIAS_FILE', \`')dnl
define(\`confPID_FILE', \`')dnl
define(\`confLOG_LEVEL', \`9')dnl
define(\`confDONT_BLAME_SENDMAIL', \`TrustStickyBit')dnl
define(\`confSERVICE_SWITCH_FILE', \`$scratch/switch')dnl
FEATURE(\`promiscuous_relay')dnl
FEATURE(\`accept_unqualified_senders')dnl
FEATURE(\`accept_unresolvable_domains')dnl
FEATURE(\`local_maildir', \`$scratch/mail/\$u')dnl
$3
DAEMON_OPTIONS(\`Port=$2, Addr=127.0.0.1, Name=MTA')dnl
MAILER(\`local')dnl
MAILER(\`smtp')dnl
MC
    "$canonify" mc -o "$scratch/$1.cf" "$scratch/$1.mc"
}
printf 'hosts\tfiles\n' >"$scratch/switch"
site local 2525 ''
site relay 2526 "define(\`RELAY_MAILER_ARGS', \`TCP \$h 2527')define(\`SMART_HOST', \`relay:[127.0.0.1]')dnl"
user=$(awk -F: '$3 >= 1000 && $3 < 60000 { print $1; exit }' /etc/passwd)
user=${user:-root}
python3 "$here/sink.py" 2527 &
sink=$!
trap 'kill $sink $daemon 2>/dev/null; rm -rf "$scratch"' EXIT

run() { # NAME PORT ADDRESS WRAPPER...: rate and memory of the front
    local name=$1 port=$2 address=$3 front begin
    shift 3
    CANONIFY_LOG=stderr "$@" "$canonify" sendmail -C "$scratch/$name.cf" -OServiceUser=speed -bD 2>>"$scratch/log" &
    daemon=$!
    timeout 20 sh -c "until python3 -c 'import socket; socket.create_connection((\"127.0.0.1\", $port), 1)' 2>/dev/null; do sleep 0.1; done"
    front=$("$canonify" status -C "$scratch/$name.cf" | sed -n 's/^front \([0-9]*\),.*/\1/p')
    begin=$(date +%s%N)
    python3 "$here/send.py" --port "$port" --to "$address" --messages "$messages" --connections 20 --size 4096 >"$scratch/sent"
    # until the last one is delivered
    timeout 120 sh -c "while ls '$scratch/$name.queue' | grep -q .; do sleep 0.05; done"
    rate=$((messages * 1000000000 / ($(date +%s%N) - begin)))
    # on a busy machine the processor's time says more than the clock
    cpu=$(awk -v messages="$messages" '{ printf "%d", ($14 + $15) * 10000 / messages }' "/proc/$front/stat")
    memory=$(awk '/^VmHWM/ { print $2 }' "/proc/$front/status")
    grep -q ' 0 failures' "$scratch/sent" || { cat "$scratch/sent"; return 1; }
    kill "$daemon"
    wait "$daemon"
    daemon=
}
middle() { sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }
passed=0 failed=0
check() { # WHAT CONDITION
    if [ "$2" -eq 1 ]; then passed=$((passed + 1)); else failed=$((failed + 1)); echo "not ok: $1"; fi
}
for name in local relay; do
    [ $name = local ] && port=2525 address=$user@site.example || { port=2526 address=someone@away.example; }
    rm -f "$scratch"/*.rate "$scratch"/*.memory "$scratch"/*.cpu
    for turn in $(seq "$turns"); do
        for kind in with without; do
            wrapper=()
            [ $kind = without ] && wrapper=(python3 "$here/old_kernel.py")
            run $name $port "$address" "${wrapper[@]}" || { failed=$((failed + 1)); continue; }
            echo "$rate" >>"$scratch/$kind.rate"
            echo "$memory" >>"$scratch/$kind.memory"
            echo "$cpu" >>"$scratch/$kind.cpu"
            rm -rf "${scratch:?}"/mail/*
        done
    done
    with=$(middle <"$scratch/with.rate") without=$(middle <"$scratch/without.rate")
    with_memory=$(middle <"$scratch/with.memory") without_memory=$(middle <"$scratch/without.memory")
    echo "$name: $with messages a second with, $without without; $with_memory and $without_memory kB at most"
    echo "$name: $(middle <"$scratch/with.cpu") and $(middle <"$scratch/without.cpu") microseconds of the front's processor time a message"
    check "$name: rate" $((with * 10 >= without * 9))
    check "$name: memory" $((with_memory * 9 <= without_memory * 10))
done
grep -c 'seccomp' "$scratch/log" >/dev/null || check "the log names seccomp" 0
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
