"""Sends one message by Apprise, as a process of its own: `python -m`, with a JSON object on standard input.

A list of processes does not show the address that way. Exit code 0: delivered. `NOT_DELIVERED`: the only line on
standard output says why, without an address. Apprise is an extra (`vmss-tui[notify]`).
"""

import json
import logging
import sys

NOT_DELIVERED = 3


def deliver(addresses: str, title: str, body: str, kind: str) -> str:
    """Send a message to each address. Returns why it was not delivered; empty when it was.

    `kind` is Apprise's word for how urgent it is.
    """
    logging.disable()  # Apprise and its libraries log addresses, and with them tokens
    try:
        import apprise
    except ImportError:
        return "Apprise is not installed on this host: pip install 'vmss-tui[notify]'"
    try:
        services = apprise.Apprise()
        if not services.add(addresses):
            return "an address is not one that Apprise knows"
        sent = services.notify(
            body=body, title=title, notify_type=apprise.NotifyType(kind), body_format=apprise.NotifyFormat.TEXT
        )
    except Exception as problem:  # a plugin may raise anything, with an address in its message
        return f"the service failed: {type(problem).__name__}"
    return "" if sent else "the service did not accept the message"


def main() -> int:
    """Read the message, send it, and say how that went."""
    problem = deliver(**json.load(sys.stdin))
    if problem:
        sys.stdout.write(f"{problem}\n")
    return NOT_DELIVERED if problem else 0


if __name__ == "__main__":
    sys.exit(main())
