"""Protected values that only this process can get: a person types them, or the environment has them.

Asks on the terminal without showing what is typed; returns `Secret` only.
"""

import os
from collections.abc import Mapping

from vmss_tui.cli import diagnostics
from vmss_tui.domain.fleet.script import Secret, SecretRef


def values_to_travel(references: Mapping[str, SecretRef]) -> dict[str, Secret]:
    """What the runner cannot find by itself; and proof now that it will find the rest.

    Blocks until they are typed, on the main thread: only there does Ctrl-C end a question.
    Raises ProfileInvalid that names what is missing and how to give it.
    """
    from vmss_tui.profiles.secrets import reveal, travelling

    prompt = diagnostics.ask_secret if diagnostics.can_ask() else None
    given = travelling(references, environ=os.environ, prompt=prompt)
    reveal(references, environ=os.environ, prompt=None, given=given)
    return dict(given)
