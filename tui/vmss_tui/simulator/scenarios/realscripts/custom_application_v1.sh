#!/bin/sh
# Installs version 1 of the application: the page that it serves, and the check that a health probe asks.
set -eu
echo "installing version 1 on $INSTANCE_NAME"
mkdir -p "$HOME/app"
echo "shipping application, version 1" > "$HOME/app/index.html"
echo 1 > "$HOME/app/version"
printf '%s\n' 'test -s app/index.html' > "$HOME/app/healthcheck"
echo "version $(cat "$HOME/app/version") is ready"
