#!/bin/sh
# Installs version 2 of the application: the page that it serves, and the check that a health probe asks.
set -eu
echo "installing version 2 on $INSTANCE_NAME"
mkdir -p "$HOME/app"
echo "shipping application, version 2" > "$HOME/app/index.html"
echo 2 > "$HOME/app/version"
printf '%s\n' 'test -s app/index.html' > "$HOME/app/healthcheck"
echo "version $(cat "$HOME/app/version") is ready"
