"""Notifications through chat, mail and paging services (Slack, Teams, e-mail, PagerDuty and more), by Apprise.

An address holds a token: it is read when a message is sent, from the variable or the file that the hook names, and is
neither kept nor written down. Apprise is an extra (`vmss-tui[notify]`) and imported with the first message.
"""

import asyncio
import logging
import os
import re
from collections.abc import Mapping
from typing import Any

from vmss_tui.domain.plan.rollout_policy import ServiceRef, Urgency
from vmss_tui.errors import ProfileInvalid
from vmss_tui.paths import expanded
from vmss_tui.references import from_environment, from_file

_TYPES = {Urgency.INFO: "info", Urgency.WARNING: "warning", Urgency.ERROR: "failure"}
"""Apprise's words for how urgent a message is: a service shows them as colors, icons or severities of its own."""
_TALKATIVE = ("apprise", "urllib3", "requests", "requests_oauthlib", "oauthlib")
"""Loggers that write addresses, and with them tokens."""

_MENTION = re.compile(r"<(?=[!@#&])|@(?=(?:everyone|here|channel|all)\b)", re.IGNORECASE)
"""What calls people in a chat: `<!here>` and `<@ID>` of Slack ("Formatting text for app surfaces"), `@everyone` and
`<@&ID>` of Discord ("Message Formatting"), `@all` of others. A name or a script's output must not."""


async def send(service: ServiceRef, message: Mapping[str, Any], urgency: Urgency, timeout_seconds: float) -> str:
    """Send a message to each address of a reference. Returns why it was not delivered, and nothing when it was.

    Raises TimeoutError. A request that is being sent then ends by Apprise's own time limits of a few seconds.
    """
    try:
        addresses = address(service)
    except ProfileInvalid as problem:
        return problem.message
    async with asyncio.timeout(timeout_seconds):
        return await asyncio.to_thread(_deliver, addresses, title(message), text(message), urgency)


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


def _deliver(addresses: str, heading: str, body: str, urgency: Urgency) -> str:
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    try:
        import apprise
    except ImportError:
        return "Apprise is not installed on this host: pip install 'vmss-tui[notify]'"
    try:
        services = apprise.Apprise()
        if not services.add(addresses):
            return "an address is not one that Apprise knows"
        kind = apprise.NotifyType(_TYPES[urgency])
        sent = services.notify(body=body, title=heading, notify_type=kind, body_format=apprise.NotifyFormat.TEXT)
    except Exception as problem:  # a plugin may raise anything, with an address in its message
        return f"the service failed: {type(problem).__name__}"
    return "" if sent else "the service did not accept the message"
