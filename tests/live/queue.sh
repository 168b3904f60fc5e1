#!/bin/sh
# Queue files and mailq, both ways: a queue written by sendmail is listed alike by both programs, and
# so is one written by canonify. usage: queue.sh CANONIFY      Needs CANONIFY_REFERENCE, m4 and root.
set -u
# a host name without dots makes sendmail wait a minute at each start
[ "$(hostname)" = mail.site.example ] || exec unshare --uts sh -c 'hostname mail.site.example && exec "$0" "$@"' "$0" "$@"
canonify=$(readlink -f "${1:?usage: queue.sh CANONIFY}")
reference=${CANONIFY_REFERENCE:?names an unpacked sendmail}
theirs=$reference/usr/libexec/sendmail/sendmail
cf=$reference/usr/share/sendmail/cf
# sendmail refuses directories that others may write, so not below /tmp
work=$(mktemp -d /var/lib/canonify-queue.XXXXXX)
trap 'rm -rf "$work"' EXIT
passed=0 failed=0
mkdir -m 700 "$work/sendmail" "$work/canonify"
cat >"$work/site.mc" <<MC
OSTYPE(\`linux')dnl
define(\`confDOMAIN_NAME', \`mail.site.example')dnl
define(\`QUEUE_DIR', \`$work/sendmail')dnl
define(\`ALIAS_FILE', \`')dnl
MAILER(\`local')dnl
MAILER(\`smtp')dnl
MC
(cd "$cf/cf" && m4 "-D_CF_DIR_=$cf/" ../m4/cf.m4 "$work/site.mc") >"$work/site.cf"

submit() { # QUEUE PROGRAM...
    queue=$1
    shift
    printf 'From: ann@a.example\nTo: bob@b.example\nSubject: one\n\nbody\n' |
        "$@" -C "$work/site.cf" "-OQueueDirectory=$work/$queue" -odd -oi -f ann@a.example bob@b.example
    printf 'Subject: two\n\n%2000s\n' '' |
        "$@" -C "$work/site.cf" "-OQueueDirectory=$work/$queue" -odd -oi -B8BITMIME -f '<>' x@y.example 'Z <z@y.example>'
}
compare() { # NAME QUEUE OPTIONS...
    name=$1 queue=$2
    shift 2
    "$theirs" -C "$work/site.cf" "-OQueueDirectory=$work/$queue" -bp "$@" >"$work/theirs" 2>&1
    "$canonify" sendmail -C "$work/site.cf" "-OQueueDirectory=$work/$queue" -bp "$@" >"$work/ours" 2>&1
    if cmp -s "$work/theirs" "$work/ours" && grep -q 'Total requests: [1-9]' "$work/ours"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "not ok: $name"
        diff "$work/theirs" "$work/ours"
    fi
}
submit sendmail "$theirs"
submit canonify "$canonify" sendmail
for queue in sendmail canonify; do
    compare "$queue's queue" $queue
    compare "$queue's queue, -v" $queue -v
    compare "$queue's queue, one recipient" $queue -qRb.example
    compare "$queue's queue, not this sender" $queue '-q!Sann'
done
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
