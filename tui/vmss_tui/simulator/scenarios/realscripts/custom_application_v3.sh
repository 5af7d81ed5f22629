#!/bin/sh
# A release that cannot be installed: it stops half way and leaves the application without a page.
set -eu
echo "installing version 3 on $INSTANCE_NAME"
rm -f "$HOME/app/index.html"
echo "E: Unable to locate package shipping-application" >&2
exit 100
