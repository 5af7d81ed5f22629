"""The text of a new profile: short, commented, ready to be edited. Pure."""

from vmss_tui.domain.fleet.script import HandlerOs

_LINUX = """files = ["https://raw.githubusercontent.com/OWNER/REPOSITORY/v${version}/install.sh"]
command = "./install.sh ${version}"
"""
_WINDOWS = """files = ["https://raw.githubusercontent.com/OWNER/REPOSITORY/v${version}/Install.ps1"]
command = "powershell -ExecutionPolicy Unrestricted -File Install.ps1 -Version ${version}"
"""


def starter_text(name: str, os: HandlerOs = HandlerOs.LINUX) -> str:
    """A profile that lints clean and says what to change."""
    return f'''# When to use it: say it here, for a colleague who finds this file in two years.
schema = 1
name = "{name}"
description = "Install a release of {name}"

# Which scale sets it is for: globs over group/name, tags, or resource ids.
[targets]
match = ["*/{name}-*"]

# Asked for at the start, or given by --set version=1.2.3.
[variables.version]
help = "Release to install, such as 1.2.3"
pattern = \'\\d+\\.\\d+\\.\\d+\'

[script]
os = "{os.value}"
label = "{name} ${{version}}"
{_WINDOWS if os is HandlerOs.WINDOWS else _LINUX}
# Secrets are references, never plain text: {{ env = "NAME" }}, {{ file = "path" }}, {{ prompt = true }}.
# [protected]
# managedIdentity = {{}}

# What is not stated here follows the scale set\'s own upgrade policy.
[rollout]
batch = "20%"
pause = "30s"
unhealthy = "20%"
unhealthy_upgraded = "20%"
'''
