#!/bin/sh
# GNU m4's own test suite, the examples of its manual, run on `canonify m4`. A check that GNU m4 itself fails here, or
# skips, does not count. The suite is fetched (Debian's source package m4) and never kept.
# usage: m4_suite.sh CANONIFY [m4_VERSION.orig.tar.xz]      Needs m4, and apt-get where no package is given.
set -u
canonify=$(readlink -f "${1:?usage: m4_suite.sh CANONIFY [PACKAGE]}")
package=$(readlink -f "${2:-/nonexistent}")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
skip() {
    echo "SKIPPED: $1"
    echo "0 passed, 0 failed, 1 skipped"
    exit 0
}
fetch() { # into $work; apt's own lists and caches stay as they are
    mkdir -p "$work/lists/partial" "$work/cache"
    cat >"$work/apt.sources" <<SOURCES
Types: deb-src
URIs: http://deb.debian.org/debian
Suites: bookworm
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
SOURCES
    set -- -qq -o "Dir::Etc::sourcelist=$work/apt.sources" -o Dir::Etc::sourceparts=/dev/null \
        -o "Dir::State::lists=$work/lists" -o "Dir::Cache=$work/cache" -o APT::Sandbox::User=root
    timeout 120 apt-get "$@" update && (cd "$work" && timeout 120 apt-get "$@" source --download-only m4)
}
command -v m4 >/dev/null || skip "no m4 to compare with"
if [ ! -f "$package" ]; then
    command -v apt-get >/dev/null || skip "no apt-get to fetch GNU m4's test suite with"
    fetch >"$work/fetch.log" 2>&1 || skip "GNU m4's test suite cannot be fetched: $(tail -n 1 "$work/fetch.log")"
    package=$(ls "$work"/m4_*.orig.tar.xz)
fi
tar -xf "$package" -C "$work" || skip "the package cannot be unpacked"
cd "$work"/m4-*/checks || skip "the package has no checks"
mkdir "$work/ours" "$work/gnu"
ln -s "$canonify" "$work/ours/m4"
ln -s "$(command -v m4)" "$work/gnu/m4"
checks=$(ls -d [0-9][0-9][0-9].*)
run() { # OURS_OR_GNU: the names of failed and of skipped checks
    PATH="$work/$1:$PATH" ./check-them -I ../examples -m m4 $checks >"$work/$1.log" 2>&1
    named "Failed checks were:" "$1" >"$work/$1.failed"
    named "Skipped checks were:" "$1" >"$work/$1.skipped"
}
named() { # HEADING OURS_OR_GNU: a check stands there once for each part of it (`005.x:out 005.x:err`)
    sed -n "/^$1/{n;p;}" "$work/$2.log" | tr ' ' '\n' | sed 's/:.*//; /^$/d' | sort -u
}
run gnu
run ours
sort -u "$work/gnu.failed" "$work/gnu.skipped" >"$work/not_asked"
wrong=$(sort -u "$work/ours.failed" "$work/ours.skipped" | comm -23 - "$work/not_asked")
for check in $wrong; do
    printf 'not ok: %s\n' "$check"
    sed -n "/^Checking $check/,/^Checking /p" "$work/ours.log" | sed '$d' | head -20
done
grep -q '^Checking ' "$work/ours.log" || { cat "$work/ours.log"; wrong="$wrong suite"; }
failed=$(echo $wrong | wc -w)
asked=$(echo "$checks" | grep -vxFc -f "$work/not_asked")
[ -s "$work/not_asked" ] && printf 'GNU m4 fails or skips here: %s\n' "$(tr '\n' ' ' <"$work/not_asked")"
printf '%s passed, %s failed\n' $((asked - failed)) "$failed"
[ "$failed" -eq 0 ]
