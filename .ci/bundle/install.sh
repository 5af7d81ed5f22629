#!/bin/sh
# Installs vmss-tui from the wheels beside this script, without a network.
#   ./install.sh              into ~/.local/share/vmss-tui, with the command in ~/.local/bin
#   PREFIX=/opt/vmss-tui BIN=/usr/local/bin PYTHON=python3.12 ./install.sh
# Uninstall: remove both.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
PREFIX=${PREFIX:-"$HOME/.local/share/vmss-tui"}
BIN=${BIN:-"$HOME/.local/bin"}
PYTHON=${PYTHON:-$(cat "$here/PYTHON")}

if ! command -v "$PYTHON" >/dev/null; then
  echo "install.sh: this bundle is for $(cat "$here/PYTHON"), which is not on this host" >&2
  echo "  Install it, or build a bundle for your Python: make bundle PYTHON=python3.12" >&2
  exit 1
fi
wanted=$(sed 's/^python//' "$here/PYTHON")
found=$("$PYTHON" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
if [ "$found" != "$wanted" ]; then
  echo "install.sh: this bundle is for Python $wanted, and $PYTHON is $found" >&2
  echo "  Build one for your Python: make bundle PYTHON=$PYTHON" >&2
  exit 1
fi
if ! "$PYTHON" -c 'import venv, ensurepip' 2>/dev/null; then
  echo "install.sh: $PYTHON has no venv module" >&2
  echo "  On Debian or Ubuntu: apt install $PYTHON-venv" >&2
  exit 1
fi

"$PYTHON" -m venv --clear "$PREFIX"
"$PREFIX/bin/python" -m pip install --quiet --disable-pip-version-check --isolated --no-cache-dir \
  --no-index --find-links "$here/wheels" "vmss-tui[team,web,notify]==$(cat "$here/VERSION")"
mkdir -p "$BIN"
ln -sf "$PREFIX/bin/vmss-tui" "$BIN/vmss-tui"
"$BIN/vmss-tui" --version
case ":$PATH:" in
  *":$BIN:"*) ;;
  *) echo "Add $BIN to PATH." ;;
esac
