#!/bin/sh
# `canonify m4` and GNU m4 expand the stock cf library to the same bytes, but for the lines that say
# who built the file, where and when. usage: m4.sh CANONIFY      Needs CANONIFY_REFERENCE and m4.
set -u
canonify=$(readlink -f "${1:?usage: m4.sh CANONIFY}")
cf=${CANONIFY_REFERENCE:?names an unpacked sendmail}/usr/share/sendmail/cf
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
passed=0 failed=0
compare() { # NAME SOURCE...
    name=$1
    shift
    (cd "$cf/cf" && m4 "-D_CF_DIR_=$cf/" "$@") >"$work/gnu" 2>"$work/gnu.err"
    gnu=$?
    (cd "$cf/cf" && "$canonify" m4 "-D_CF_DIR_=$cf/" "$@") >"$work/ours" 2>"$work/ours.err"
    ours=$?
    sed -i '/^##### built by /d' "$work/gnu" "$work/ours"
    sed -i 's/^canonify m4:/m4:/' "$work/ours.err"
    if [ $gnu -eq $ours ] && cmp -s "$work/gnu" "$work/ours" && cmp -s "$work/gnu.err" "$work/ours.err"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        printf 'not ok: %s (exit %s, GNU m4 %s)\n' "$name" $ours $gnu
        diff "$work/gnu" "$work/ours" | head -5
        diff "$work/gnu.err" "$work/ours.err" | head -5
    fi
}
for mc in "$cf"/cf/*.mc; do
    compare "$(basename "$mc")" ../m4/cf.m4 "$mc"
done
for mc in "$cf"/debian/*.mc; do
    compare "debian/$(basename "$mc")" "$mc"
done
printf '%s passed, %s failed\n' "$passed" "$failed"
[ "$failed" -eq 0 ]
