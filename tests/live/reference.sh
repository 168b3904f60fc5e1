#!/bin/sh
# Unpacks Debian's sendmail packages below DIR, without installing them, for the live comparisons.
# usage: reference.sh DIR       afterwards CANONIFY_REFERENCE=DIR
# Needs root for the shared libraries that sendmail is linked with. Does nothing when DIR has it already.
set -eu
dir=${1:?usage: reference.sh DIR}
[ -x "$dir/usr/libexec/sendmail/sendmail" ] && exit 0
mkdir -p "$dir"
dir=$(cd "$dir" && pwd)
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -y -qq --no-install-recommends m4 libwrap0 libsasl2-2 libldap-2.5-0 libdb5.3 liblockfile1 db5.3-util >/dev/null
packages=$(mktemp -d)
trap 'rm -rf "$packages"' EXIT
chmod 755 "$packages"
(cd "$packages" && apt-get download -qq sendmail-bin sendmail-base sendmail-cf 2>/dev/null)
for package in "$packages"/*.deb; do
    dpkg -x "$package" "$dir"
done
# Debian's files name the place where they would be installed
grep -rl '/usr/share/sendmail/cf/' "$dir/usr/share/sendmail/cf" | while read -r file; do
    sed -i "s|/usr/share/sendmail/cf/|$dir/usr/share/sendmail/cf/|g" "$file"
done
# the package's set-up script would make these two
mkdir -p "$dir/etc/mail/m4"
: > "$dir/etc/mail/m4/dialup.m4"
: > "$dir/etc/mail/m4/provider.m4"
"$dir/usr/libexec/sendmail/sendmail" -d0.1 -bt -C /dev/null </dev/null 2>&1 | head -1
