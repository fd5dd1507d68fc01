#!/usr/bin/env bash
# Installs what the tests of this folder need on a Debian machine: as root, and
# quick where all is there. Nothing it installs is started.
set -euo pipefail

packages=(postfix dovecot-core dovecot-submissiond dovecot-lmtpd sasl2-bin libsasl2-modules stunnel4 openssl python3 ca-certificates)

# Debian's mail servers exclude each other: this one is unpacked, and gets what it
# needs around it.
cache=/var/cache/mailscript-interop
packages+=(libidn12 libgnutls-dane0 libnsl2 libdb5.3 libpcre2-8-0)
unpacked() { [ -x "$cache/exim/usr/sbin/exim4" ] && getent passwd Debian-exim >/dev/null; }

missing=()
for package in "${packages[@]}"; do
  [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)" = installed ] || missing+=("$package")
done
if [ ${#missing[@]} -eq 0 ] && unpacked; then
  exit 0
fi

export DEBIAN_FRONTEND=noninteractive

# Debian starts daemons when it installs them; while this file says no, it does not.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  trap 'rm -f "$policy"' EXIT
  printf '#!/bin/sh\nexit 101\n' > "$policy"
  chmod 755 "$policy"
fi

apt-get update -q
echo 'postfix postfix/main_mailer_type select No configuration' | debconf-set-selections
if [ ${#missing[@]} -gt 0 ]; then
  apt-get install -q -y --no-install-recommends "${missing[@]}"
fi
if ! unpacked; then
  getent passwd Debian-exim >/dev/null || useradd --system --user-group --no-create-home --shell /usr/sbin/nologin Debian-exim
  rm -rf "$cache/exim"
  mkdir -p "$cache"
  (cd "$cache" && apt-get download -q exim4-daemon-light && dpkg -x exim4-daemon-light_*.deb exim && rm exim4-daemon-light_*.deb)
fi
