"""Names of credentials and of built-in clouds. Imports nothing, so that the help of the command line can use them."""

CREDENTIALS = ("auto", "env", "cli", "azd", "powershell", "managed-identity", "browser", "device")
"""Values of `--auth` and of a cloud's `credential`."""
CLOUD_NAMES = ("AzureCloud", "AzureUSGovernment", "AzureChinaCloud")
"""The built-in clouds: public Azure, the US government's, the one that 21Vianet runs in China."""
ORDERED = ("env", "cli", "azd", "powershell", "managed-identity")
"""What `auto` tries, in its order: everything that needs no person; the last sign-ins of persons before the host's."""
IN_PERSON = ("browser", "device")
"""Credentials that need a person at every start, unless tokens are kept."""

TOKEN_CACHES = ("encrypted", "plain", "off")
"""Where tokens are kept for other processes: where the platform can encrypt them, in a private file, or nowhere."""
