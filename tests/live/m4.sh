#!/bin/sh
# `canonify m4` and GNU m4 expand the same texts to the same bytes, say the same and end with the same status:
# the stock cf library's .mc files; each of its OSTYPEs with MAILER(local) and MAILER(smtp); each FEATURE alone,
# with its usual arguments; frozen files; and the programs of testdata/m4/cases. Lines that say who built the file, where and
# when are left out. usage: m4.sh CANONIFY      Needs CANONIFY_REFERENCE and m4.
set -u
canonify=$(readlink -f "${1:?usage: m4.sh CANONIFY}")
cf=${CANONIFY_REFERENCE:?names an unpacked sendmail}/usr/share/sendmail/cf
if ! command -v m4 >/dev/null; then
    echo "SKIPPED: no m4 to compare with"
    echo "0 passed, 0 failed"
    exit 0
fi
here=$(cd "$(dirname "$0")" && pwd)
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
for file in "$cf"/ostype/*.m4; do
    name=$(basename "$file" .m4)
    printf 'OSTYPE(`%s'"')dnl\nMAILER(\`local')dnl\nMAILER(\`smtp')dnl\n" "$name" >"$work/site.mc"
    compare "OSTYPE($name)" ../m4/cf.m4 "$work/site.mc"
done
feature() { # CALL
    printf 'OSTYPE(`linux'"')dnl\n%s\nMAILER(\`local')dnl\nMAILER(\`smtp')dnl\n" "$1" >"$work/site.mc"
    compare "$1" ../m4/cf.m4 "$work/site.mc"
}
for file in "$cf"/feature/*.m4; do
    feature "FEATURE(\`$(basename "$file" .m4)')dnl"
done
while read -r call; do
    feature "$call"
done <<'CALLS'
FEATURE(`access_db', `hash -T<TMPF> -o /etc/mail/access')
FEATURE(`access_db', `LDAP')
FEATURE(`access_db', , `skip', `lookupdotdomain', `relaytofulladdress')
FEATURE(`always_add_domain', `example.com')
FEATURE(`authinfo', `hash -o /etc/mail/authinfo')
FEATURE(`authinfo', `LDAP')
FEATURE(`badmx', `^127\.')
FEATURE(`bcc', `access')
FEATURE(`bcc', `hash /etc/mail/bcc', `[mailer.example]')
FEATURE(`bestmx_is_local', `example.com example.org')
FEATURE(`bitdomain', `dbm -o /etc/mail/bitdomain')
FEATURE(`conncontrol', `nodelay', `terminate')
FEATURE(access_db)FEATURE(`conncontrol', `nodelay', `terminate')
FEATURE(access_db)FEATURE(`ratecontrol', `nodelay', `terminate')
FEATURE(access_db)FEATURE(`blocklist_recipients')
FEATURE(access_db)FEATURE(`delay_checks', `friend')
FEATURE(`delay_checks', `hater', `n')
FEATURE(`dnsbl', `dnsbl.example.com')
FEATURE(`dnsbl', `dnsbl.example.com', `"550 Mail from " $&{client_addr} " refused"', `t')
FEATURE(`dnsbl', `a.example', `quarantine')FEATURE(`dnsbl', `b.example', `discard')
FEATURE(`domaintable', `LDAP')
FEATURE(`enhdnsbl', `dnsbl.example.com', `"550 refused"', `t', `127.0.0.2.')
FEATURE(`rhsbl', `rhsbl.example.com', `"550 refused"', `t')
FEATURE(`genericstable', `hash -o /etc/mail/genericstable')GENERICS_DOMAIN(`example.com')
FEATURE(access_db)FEATURE(`greet_pause', `5000')
FEATURE(`ldap_routing', `ldap -1 -T<TMPF> -v mailHost -k (mail=%0)', `ldap -1', `sendertoo', `preserve')
FEATURE(`ldap_routing', , , `bounce', `strip', `nodomain', `tempfail')
FEATURE(`local_lmtp', `/usr/lib/dovecot/lmtp', `lmtp -x')
FEATURE(`local_procmail', `/usr/bin/procmail', `procmail -t -Y -a $h -d $u', `SPhnu9')
FEATURE(`mailertable', `hash -o /etc/mail/mailertable.db')
FEATURE(`msp', `[127.0.0.1]', `MSA')
FEATURE(`mtamark', `"550 no"', `t', `_x._smtp._srv')
FEATURE(`nocanonify', `canonify_hosts')CANONIFY_DOMAIN(`example.com')
FEATURE(`nopercenthack', `reject')
FEATURE(`nopercenthack', `nospecial')
FEATURE(`nouucp', `reject')
FEATURE(`nouucp', `nospecial')
FEATURE(`nullclient', `hub.example.com')
FEATURE(`prefixmod', `+', `e s')
FEATURE(`queuegroup', `main')
FEATURE(access_db)FEATURE(`relay_mail_from', `domain')
FEATURE(`smrsh', `/usr/lib/sm.bin/smrsh')
FEATURE(`sts', `socket -d5 -T<TMPF> inet:5461@127.0.0.1', `NO_SAN_TST')
FEATURE(`uucpdomain', `hash /etc/mail/uudomain')
FEATURE(`virtusertable', `hash -o /etc/mail/virtusertable')VIRTUSER_DOMAIN(`example.com')
FEATURE(`virtusertable', `LDAP')FEATURE(`virtuser_entire_domain')VIRTUSER_DOMAIN_FILE(`/etc/mail/vdomains')
FEATURE(`domainmap', `example.com', `hash /etc/mail/example')
FEATURE(`drac', `btree /etc/mail/drac')
FEATURE(`masquerade_envelope')FEATURE(`masquerade_entire_domain')MASQUERADE_AS(`example.com')
FEATURE(`fips3', `/etc/ssl/fips.cnf', `/usr/lib/ossl-modules')
FEATURE(`check_other', `^[a-z]+:')
FEATURE(no_default_msa)DAEMON_OPTIONS(`Port=smtp, Name=MTA')
FEATURE(nosuchfeature)
FEATURE (`nouucp')
FEATURE(dnsbl, a, b
CALLS
# Frozen files: the same bytes, and each program goes on from the other's.
thaw_each() { # NAME INPUT OPTION...
    name=$1 input=$2
    shift 2
    printf '%s' "$input" | m4 "$@" -F "$work/gnu.frozen" >"$work/gnu" 2>/dev/null
    printf '%s' "$input" | "$canonify" m4 "$@" -F "$work/our.frozen" >"$work/ours" 2>/dev/null
    printf 'len(`abc'"'"')foo(`x'"'"')divnum undivert' >"$work/next"
    m4 -R "$work/our.frozen" "$work/next" >"$work/gnu.next" 2>/dev/null
    "$canonify" m4 -R "$work/gnu.frozen" "$work/next" >"$work/our.next" 2>/dev/null
    # The name of a temporary file is another each time, and so is the time.
    sed -i 's,^TEMPFILE/tmp/cf.*,TEMPFILE,' "$work/gnu.frozen" "$work/our.frozen"
    sed -i '/^##### built by /d' "$work/gnu" "$work/ours"
    if cmp -s "$work/gnu.frozen" "$work/our.frozen" && cmp -s "$work/gnu" "$work/ours" &&
        cmp -s "$work/gnu.next" "$work/our.next"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        printf 'not ok: frozen: %s\n' "$name"
        diff "$work/gnu.frozen" "$work/our.frozen" | head -5
        diff "$work/gnu.next" "$work/our.next" | head -5
    fi
}
thaw_each "nothing" ''
thaw_each "few buckets" 'define(`foo'"', "'`$2$1'"'"')define(`bar'"')" -H 7
thaw_each "prefixed" 'x' -P
thaw_each "traditional" 'x' -G
thaw_each "stacks and builtins" 'define(`foo'"', "'`a$1'"'"')pushdef(`foo'"', defn(\`len'))undefine(\`index')out"
thaw_each "quotes" 'define(`foo'"', "'`a'"'"')changequote([,])changecom([//])'
thaw_each "no quotes, no comments" 'changequote(,)changecom'
thaw_each "no comments" 'changecom()'
thaw_each "diversions" 'divert(3)three
divert(12)twelve
divert(3)more
'
thaw_each "the last diversion is current" 'divert(2)two'
thaw_each "back in diversion 0" 'divert(2)two
divert(0)nought'
thaw_each "a dropped diversion" 'divert(1)one
divert(-1)lost'
thaw_each "wrapped" 'm4wrap(`define(`foo'"', "'`late'"'"')'"'"')'
thaw_each "the cf library" "" "-D_CF_DIR_=$cf/" "$cf/m4/cf.m4"
programs=$(python3 "$here/m4_cases.py" check "$canonify")
printf '%s\n' "$programs" | sed '$d'
passed=$((passed + $(printf '%s\n' "$programs" | sed -n '$s/ passed.*//p')))
failed=$((failed + $(printf '%s\n' "$programs" | sed -n '$s/.*, \([0-9]*\) failed/\1/p')))
printf '%s passed, %s failed\n' "$passed" "$failed"
[ "$failed" -eq 0 ]
