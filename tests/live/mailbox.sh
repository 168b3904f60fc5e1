#!/bin/sh
# swaks sends through a running canonify, Dovecot reads the Maildir it wrote.
# usage: mailbox.sh CANONIFY      Needs root, swaks and doveadm (Debian: swaks dovecot-core).
# Closes with "N passed, N failed".
set -u
canonify=$(readlink -f "${1:?usage: mailbox.sh CANONIFY}")
user=canonify-test
id "$user" >/dev/null 2>&1 || useradd --system --create-home --shell /bin/sh "$user"
scratch=$(mktemp -d)
chmod 755 "$scratch"
install -m 755 "$canonify" "$scratch/canonify"
install -d -o "$user" "$scratch/site" "$scratch/dovecot"
runuser -u "$user" -- "$scratch/canonify" try --keep --dir "$scratch/site" >"$scratch/report" 2>&1 &
trap 'pkill -TERM -u "$user"; rm -rf "$scratch"' EXIT
passed=0 failed=0
check() { # DESCRIPTION COMMAND...
    what=$1
    shift
    if "$@" >"$scratch/output" 2>&1; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        printf 'not ok: %s\n' "$what"
        sed 's/^/    /' "$scratch/output"
    fi
}
running() { timeout 60 sh -c "until grep -q 'still running' '$scratch/report'; do sleep 0.1; done"; }
check "the demonstration's daemon stays" running
port=$(sed -n 's/.*telnet 127.0.0.1 //p' "$scratch/report")
maildir=$scratch/site/mail/$user
cat >"$scratch/dovecot.conf" <<END
mail_location = maildir:$maildir
base_dir = $scratch/dovecot
log_path = /dev/stderr
first_valid_uid = 1
ssl = no
END
send() { # MARK SWAKS-OPTION...
    mark=$1
    shift
    swaks --server "127.0.0.1:$port" --from sender@visitors.example --header "Subject: $mark" "$@"
}
# doveadm writes its indexes into the Maildir: it reads as the Maildir's owner
fetch() { runuser -u "$user" -- env USER="$user" HOME="$scratch/site" doveadm -c "$scratch/dovecot.conf" fetch "$@"; }
arrives() { # MARK TEXT
    timeout 30 sh -c "until grep -rqs 'Subject: $1' '$maildir/new' '$maildir/cur'; do sleep 0.1; done"
    fetch text HEADER Subject "$1" | grep -qF -e "$2"
}
check "swaks: a plain message" send swaks-plain --to "$user@site.example" --body "plain text"
check "swaks: by virtusertable, pipelined" send swaks-virtual --to info@virtual.example --pipeline --body "virtual text"
check "swaks: 8-bit text and dots" send swaks-eight --to "$user@site.example" --body "Grüße
.
..two dots"
check "Dovecot reads the plain message" arrives swaks-plain "plain text"
check "Dovecot reads the virtual message" arrives swaks-virtual "virtual text"
check "Dovecot reads the 8-bit message" arrives swaks-eight "..two dots"
check "Dovecot counts four messages" sh -c "[ \"\$($(command -v runuser) -u $user -- env USER=$user HOME=$scratch/site doveadm -c $scratch/dovecot.conf search ALL | wc -l)\" -ge 4 ]"
refused() { ! send swaks-refused --to someone@elsewhere.example --local-interface 127.0.0.2; }
check "relaying is refused to a stranger" refused
printf '%s passed, %s failed\n' "$passed" "$failed"
[ "$failed" -eq 0 ]
