"""`python -m vmss_tui` is the same program as `vmss-tui`."""

import sys

from vmss_tui.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
