#!/usr/bin/env bash
# Installs what the tests of this folder need on a Debian machine: as root, and
# quick where all is there. Nothing it installs is started.
set -euo pipefail

packages=(postfix dovecot-core dovecot-submissiond dovecot-lmtpd sasl2-bin libsasl2-modules stunnel4 openssl python3 ca-certificates)

missing=()
for package in "${packages[@]}"; do
  [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)" = installed ] || missing+=("$package")
done
if [ ${#missing[@]} -eq 0 ]; then
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
apt-get install -q -y --no-install-recommends "${missing[@]}"
