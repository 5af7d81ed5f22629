#!/bin/sh
# Raises the number of open files that the web service may have. Safe to run again: it changes nothing the second time.
set -eu

change="${change}"
limits=/etc/systemd/system/web.service.d/limits.conf

mkdir -p "${limits%/*}"
printf '[Service]\nLimitNOFILE=65536\n' > "$limits.new"
if cmp -s "$limits.new" "$limits"; then
  rm "$limits.new"
  echo "$change: nothing to do"
  exit 0
fi
mv "$limits.new" "$limits"
systemctl daemon-reload
systemctl restart web.service
echo "$change: limit raised to 65536"
