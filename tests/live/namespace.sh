#!/bin/sh
# Runs a command in name spaces of its own: host name test.example.com, host files that know it, no
# network. sendmail waits a minute for the name of a host that has none. usage: namespace.sh COMMAND...
set -eu
if [ -z "${CANONIFY_NAMESPACE:-}" ]; then
    CANONIFY_NAMESPACE=$(mktemp -d)
    export CANONIFY_NAMESPACE
    trap 'rm -rf "$CANONIFY_NAMESPACE"' EXIT
    printf '127.0.0.1 localhost\n10.9.9.9 test.example.com test\n' >"$CANONIFY_NAMESPACE/hosts"
    printf 'hosts: files\npasswd: files\ngroup: files\n' >"$CANONIFY_NAMESPACE/nsswitch.conf"
    : >"$CANONIFY_NAMESPACE/resolv.conf"
    unshare -u -m -n "$0" "$@"
    exit $?
fi
hostname test.example.com
for file in hosts nsswitch.conf resolv.conf; do
    mount --bind "$CANONIFY_NAMESPACE/$file" "/etc/$file"
done
exec "$@"
