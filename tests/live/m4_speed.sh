#!/bin/sh
# GNU m4 and `canonify m4` side by side on the stock cf library, and `canonify mc` with our own beside them.
# Instructions by callgrind, times in alternating pairs (the best of each, as a loaded machine only adds to them).
# usage: m4_speed.sh CANONIFY [PAIRS]      Needs CANONIFY_REFERENCE, m4 and, for instructions, valgrind.
set -u
canonify=$(readlink -f "${1:?usage: m4_speed.sh CANONIFY [PAIRS]}")
pairs=${2:-20}
cf=${CANONIFY_REFERENCE:?names an unpacked sendmail}/usr/share/sendmail/cf
if ! command -v m4 >/dev/null; then
    echo "SKIPPED: no m4 to compare with"
    echo "0 passed, 0 failed"
    exit 0
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# The stock library without the two shell commands in which GNU m4 spends most of its time.
cp -r "$cf" "$work/cf"
sed -i -E 's/syscmd\([^)]*\)//' "$work/cf/m4/cfhead.m4"
for library in "$cf" "$work/cf"; do
    sed "s#include(.*/m4/cf.m4')#include(\`$library/m4/cf.m4')#" "$cf/debian/sendmail.mc" >"$work/$(basename "$(dirname "$library")").mc"
done
plain="-D_CF_DIR_=$work/cf/ $work/cf/m4/cf.m4 $work/cf/cf/generic-linux.mc"
debian="$work/$(basename "$work").mc"
stock="-D_CF_DIR_=$cf/ $cf/m4/cf.m4 $cf/cf/generic-linux.mc"
passed=0 failed=0
judge() { # TITLE LIMIT(percent) THEIRS OURS
    percent=$(($4 * 100 / $3))
    if [ $percent -le "$2" ]; then passed=$((passed + 1)) verdict=ok; else failed=$((failed + 1)) verdict="not ok"; fi
    printf '%s: %s: GNU m4 %s, canonify %s: %s %% (at most %s %%)\n' "$verdict" "$1" "$3" "$4" $percent "$2"
}
instructions() { # COMMAND...
    valgrind --tool=callgrind --callgrind-out-file=/dev/null "$@" 2>&1 >/dev/null | sed -n 's/.*refs: *//p' | tr -d ,
}
microseconds() { # COMMAND...      Several runs between two looks at the clock, which cost a process each.
    start=$(date +%s%N)
    for _ in 1 2 3 4 5; do
        "$@" >/dev/null 2>&1
    done
    echo $((($(date +%s%N) - start) / 5000))
}
race() { # TITLE LIMIT "THEIR COMMAND" "OUR COMMAND"
    theirs=999999999 ours=999999999 round=0
    while [ $round -lt "$pairs" ]; do
        # shellcheck disable=SC2086 # words on purpose
        one=$(microseconds $3) two=$(microseconds $4)
        [ "$one" -lt $theirs ] && theirs=$one
        [ "$two" -lt $ours ] && ours=$two
        round=$((round + 1))
    done
    judge "$1, microseconds" "$2" $theirs $ours
}
if command -v valgrind >/dev/null; then
    for what in plain debian; do
        eval "arguments=\$$what"
        # shellcheck disable=SC2086,SC2154 # words on purpose; set by eval
        judge "$what, without commands, instructions" 50 \
            "$(instructions m4 $arguments)" "$(instructions "$canonify" m4 $arguments)"
    done
else
    echo "SKIPPED: instructions (no valgrind)"
fi
race "plain, without commands" 66 "m4 $plain" "$canonify m4 $plain"
race "debian, without commands" 66 "m4 $debian" "$canonify m4 $debian"
race "plain, untouched" 100 "m4 $stock" "$canonify m4 $stock"
race "mc with our own library" 16 "m4 $stock" "$canonify mc $cf/cf/generic-linux.mc"
printf '%s passed, %s failed\n' "$passed" "$failed"
[ "$failed" -eq 0 ]
