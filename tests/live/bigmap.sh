#!/bin/bash
# Ten million keys through makemap, hash and btree: libdb's checker must find the files sound, the reference must read
# ours and we the reference's. Minutes, and gigabytes of disk: only with CANONIFY_BIG_MAPS=1 (or a number of keys).
# usage: bigmap.sh CANONIFY      Needs db5.3-util; CANONIFY_REFERENCE names the reference.
# Closes with "N passed, N failed"; tells time and peak memory.
set -u
canonify=$(readlink -f "${1:?usage: bigmap.sh CANONIFY}")
keys=${CANONIFY_BIG_MAPS:-0}
[ "$keys" = 1 ] && keys=10000000
if [ "$keys" = 0 ]; then
    echo "SKIPPED: maps of ten million keys (CANONIFY_BIG_MAPS=1 asks for them)"
    echo "0 passed, 0 failed"
    exit 0
fi
scratch=$(mktemp -d -p /var/lib)
trap 'rm -rf "$scratch"' EXIT
ln -s "$canonify" "$scratch/makemap"
ours=$scratch/makemap theirs=$CANONIFY_REFERENCE/usr/libexec/sendmail/makemap
awk -v n="$keys" 'BEGIN { for (i = 0; i < n; i++) printf "user%d@domain%d.example.com\tvalue %d\n", i, i % 1009, i }' >"$scratch/text"
passed=0 failed=0

check() { # TITLE COMMAND...
    local title=$1 start=$SECONDS
    shift
    if "$@"; then
        passed=$((passed + 1))
        echo "ok: $title ($((SECONDS - start)) s)"
    else
        failed=$((failed + 1))
        echo "FAILED: $title"
    fi
}

peak() { # COMMAND...: its peak of memory, told
    python3 -c 'import resource, subprocess, sys
status = subprocess.run(sys.argv[1:]).returncode
print("   peak memory: %d MiB" % (resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024))
sys.exit(status)' "$@"
}

alike() { # PROGRAM KIND FILE: does it print what went in?
    cmp -s <("$1" -C /dev/null -s -u "$2" "$3" | sort -S 1G | md5sum) "$scratch/sum"
}

export LC_ALL=C
sort -S 1G "$scratch/text" | md5sum >"$scratch/sum"
for kind in hash btree; do
    check "$kind, $keys keys made by us" peak "$ours" -C /dev/null -s -f "$kind" "$scratch/ours" <"$scratch/text"
    check "$kind of ours is sound" db5.3_verify -q "$scratch/ours.db"
    check "$kind of ours, read by the reference" alike "$theirs" "$kind" "$scratch/ours"
    check "$kind of ours, read by us" alike "$ours" "$kind" "$scratch/ours"
    rm "$scratch/ours.db"
    check "$kind, made by the reference" "$theirs" -C /dev/null -s -f "$kind" "$scratch/theirs" <"$scratch/text"
    check "$kind of the reference, read by us" alike "$ours" "$kind" "$scratch/theirs"
    rm "$scratch/theirs.db"
done
echo "$passed passed, $failed failed"
