"""Ways to sign in. Imports nothing, so that the help of the command line can name them."""

CREDENTIALS = ("auto", "env", "cli", "managed-identity", "device")
"""Values of `--auth` and of a cloud's `credential`."""
