#!/usr/bin/env bash
# Installs what the tests of this folder need on a Debian machine: as root, and
# quick where all is there. Nothing it installs is started.
set -euo pipefail
cd "$(dirname "$0")"

packages=(postfix dovecot-core dovecot-submissiond dovecot-lmtpd sasl2-bin libsasl2-modules stunnel4 openssl python3 ca-certificates
  libmime-tools-perl libencode-hanextra-perl opendkim python3-dkim python3-nacl rspamd  # readers of messages
  postgresql mariadb-server python3-openpyxl python3-xlsxwriter  # sources of rows
  chromium fonts-dejavu-core) # what pages look like; and npm for juice, the inliner ours is compared with
command -v npm >/dev/null || packages+=(nodejs npm)

# Debian's mail servers exclude each other: two are unpacked, and get what they
# need around them.
cache=/var/cache/mailscript-interop
packages+=(libidn12 libgnutls-dane0 libnsl2 libdb5.3 libpcre2-8-0)     # Exim
packages+=(libevent-2.1-7 libpam0g zlib1g libssl3 gcc libc6-dev)       # OpenSMTPD, and testdata/opensmtpd-key.c
unpacked() {
  [ -x "$cache/exim/usr/sbin/exim4" ] && [ -x "$cache/opensmtpd/usr/sbin/smtpd" ] &&
    getent passwd Debian-exim opensmtpd opensmtpq >/dev/null
}

# unpack PACKAGE FOLDER USER...
unpack() {
  local package=$1 folder=$cache/$2 user
  shift 2
  for user in "$@"; do
    getent passwd "$user" >/dev/null || useradd --system --user-group --no-create-home --shell /usr/sbin/nologin "$user"
  done
  rm -rf "$folder" "$cache/$package"_*.deb
  mkdir -p "$cache"
  (cd "$cache" && apt-get download -q "$package" && dpkg -x "$package"_*.deb "$folder" && rm "$package"_*.deb)
}

missing=()
for package in "${packages[@]}"; do
  [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)" = installed ] || missing+=("$package")
done

if [ ${#missing[@]} -gt 0 ] || ! unpacked; then
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
    unpack exim4-daemon-light exim Debian-exim
    unpack opensmtpd opensmtpd opensmtpd opensmtpq
  fi
fi

key=$cache/opensmtpd/key.so
if [ testdata/opensmtpd-key.c -nt "$key" ]; then
  gcc -shared -fPIC -O2 -Wall -o "$key" testdata/opensmtpd-key.c
fi

juice=$cache/juice
if [ "$(node -p "require('$juice/node_modules/juice/package.json').version" 2>/dev/null || true)" != 11.1.1 ]; then
  mkdir -p "$juice"
  npm install --silent --no-audit --no-fund --prefix "$juice" juice@11.1.1 || echo "juice is not to be had: its test is skipped"
fi
