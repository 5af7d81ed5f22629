"""Notifications through chat, mail and paging services (Slack, Teams, e-mail, PagerDuty and more), by Apprise.

An address holds a token: it is read when a message is sent, from the variable or the file that the hook names, and is
neither kept nor written down. A process of its own (`engine.runner.delivery`) sends the message and is ended when the
time is up: Apprise bounds the silence of a service, so that one that answers a byte at a time would hold
a thread forever, and with it the end of the runner.
"""

import os
import re
import sys
from collections.abc import Mapping
from typing import Any

from vmss_tui.domain.plan.rollout_policy import ServiceRef, Urgency
from vmss_tui.engine.runner import delivery
from vmss_tui.engine.runner.commands_and_webhooks import run_command
from vmss_tui.errors import ProfileInvalid
from vmss_tui.paths import expanded
from vmss_tui.references import from_environment, from_file

_TYPES = {Urgency.INFO: "info", Urgency.WARNING: "warning", Urgency.ERROR: "failure"}
"""Apprise's words for how urgent a message is: a service shows them as colors, icons or severities of its own."""
_MENTION = re.compile(r"<(?=[!@#&])|@(?=(?:everyone|here|channel|all)\b)", re.IGNORECASE)
"""What calls people in a chat: `<!here>` and `<@ID>` of Slack ("Formatting text for app surfaces"), `@everyone` and
`<@&ID>` of Discord ("Message Formatting"), `@all` of others. A name or a script's output must not."""


async def send(service: ServiceRef, message: Mapping[str, Any], urgency: Urgency, timeout_seconds: float) -> str:
    """Send a message to each address of a reference. Returns why it was not delivered, and nothing when it was.

    Raises TimeoutError, OSError.
    """
    try:
        addresses = address(service)
    except ProfileInvalid as problem:
        return problem.message
    facts = {"addresses": addresses, "title": title(message), "body": text(message), "kind": _TYPES[urgency]}
    code, said = await run_command((sys.executable, "-P", "-m", delivery.__name__), facts, timeout_seconds)
    match code:
        case 0:
            return ""
        case delivery.NOT_DELIVERED:
            return said
        case _:
            return "the service failed"


def address(service: ServiceRef) -> str:
    """The address, or several with space between them. Raises ProfileInvalid naming the variable or the file."""
    if service.env:
        return from_environment("the service's address", service.env, os.environ)
    return from_file("the service's address", expanded(service.file))


def title(message: Mapping[str, Any]) -> str:
    """The first line of a message: what it is about, and what of it."""
    occasions = {"needs_person": "attention needed", "failed": "failed", "ended": "ended"}
    target = str(message["scale_set"] or message["version"])
    return _without_mentions(f"vmss-tui: {target}: {occasions.get(message['occasion'], message['occasion'])}")


def text(message: Mapping[str, Any]) -> str:
    """The message itself, with the rollout to look at."""
    return _without_mentions(f"{message['message']}\n{message['version']}\nrollout {message['rollout']}")


def _without_mentions(words: str) -> str:
    return _MENTION.sub(r"\g<0> ", words)
