#!/bin/sh
# What one accepted and delivered message costs in system calls: syncs, forks, execs.
# usage: cost.sh CANONIFY [MESSAGES]      Needs root, strace and python3.
# Closes with "N passed, N failed": no message may cost a fork or an exec.
set -u
canonify=$(readlink -f "${1:?usage: cost.sh CANONIFY [MESSAGES]}")
messages=${2:-500}
here=$(cd "$(dirname "$0")" && pwd)
scratch=$(mktemp -d)
chmod 755 "$scratch"
install -m 755 "$canonify" "$scratch/canonify"
"$scratch/canonify" try --keep --dir "$scratch/site" >"$scratch/report" 2>&1 &
demonstration=$!
trap 'kill -TERM $demonstration; pkill -f "$scratch/site/etc/site.cf"; rm -rf "$scratch"' EXIT
timeout 60 sh -c "until grep -q 'still running' '$scratch/report'; do sleep 0.1; done" || { cat "$scratch/report"; echo "0 passed, 1 failed"; exit 1; }
port=$(sed -n 's/.*telnet 127.0.0.1 //p' "$scratch/report")
processes=$("$scratch/canonify" status -C "$scratch/site/etc/site.cf")
front=$(echo "$processes" | sed -n 's/^front \([0-9]*\),.*/\1/p')
keeper=$(echo "$processes" | sed -n 's/^keeper \([0-9]*\),.*/\1/p')
strace -f -c -o "$scratch/front" -p "$front" 2>/dev/null &
strace -f -c -o "$scratch/keeper" -p "$keeper" 2>/dev/null &
sleep 1
python3 "$here/send.py" --port "$port" --to "$(id -un)@site.example" --messages "$messages" --connections 4
sleep 3
pkill -INT -x strace
sleep 1
for process in front keeper; do
    printf '%s, calls for %s messages:\n' "$process" "$messages"
    grep -E 'fsync|fdatasync|fork|clone|execve' "$scratch/$process" || echo "    none of fsync, fdatasync, fork, clone, execve"
done
calls() { awk -v name="$1" '$NF == name { n += $4 } END { print n + 0 }' "$scratch/front" "$scratch/keeper"; }
syncs=$(($(calls fsync) + $(calls fdatasync)))
forks=$(($(calls fork) + $(calls vfork) + $(calls execve)))
awk -v syncs="$syncs" -v messages="$messages" 'BEGIN { printf "%.2f fsync and fdatasync a message\n", syncs / messages }'
if [ "$forks" -eq 0 ]; then echo "1 passed, 0 failed"; else echo "0 passed, 1 failed"; fi
