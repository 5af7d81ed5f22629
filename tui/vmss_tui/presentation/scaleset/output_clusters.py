"""Groups the outputs of scripts that differ only in the instance's name, times, durations and process numbers.

Pure. Six hundred outputs become the three that a person has to read.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from vmss_tui.domain.fleet.instance import Instance

_VOLATILE = re.compile(
    r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?"
    r"|\b\d\d:\d\d:\d\d(?:[.,]\d+)?\b"
    r"|\b\d+(?:\.\d+)?\s?(?:ms|s|sec|seconds|min|minutes)\b"
    r"|\b0x[0-9a-f]+\b|\bpid[ =:]+\d+",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Output:
    """The same output of one or several instances."""

    names: tuple[str, ...]
    exit_code: int | None
    message: str
    stdout: str
    stderr: str
    at: datetime | None


def outputs_of(instances: Sequence[Instance]) -> tuple[Output, ...]:
    """Equal outputs together, failed ones first, then those of most instances."""
    groups: dict[tuple[Any, ...], list[Instance]] = {}
    for instance in instances:
        run = instance.script
        said = (masked(run.stdout, instance.name), masked(run.stderr, instance.name))
        groups.setdefault((run.exit_code, *said, run.state), []).append(instance)
    found = [
        (
            key,
            Output(
                tuple(i.name for i in members),
                members[0].script.exit_code,
                members[0].script.message,
                members[0].script.stdout,
                members[0].script.stderr,
                max((i.script.at for i in members if i.script.at), default=None),
            ),
        )
        for key, members in groups.items()
    ]
    found.sort(key=lambda item: (item[1].exit_code in (0, None), -len(item[1].names), item[1].names))
    return tuple(output for _, output in found)


def masked(text: str, name: str) -> str:
    """The text without what differs from instance to instance; `name` is the instance's."""
    if name:
        text = re.sub(re.escape(name) + r"(?![0-9])", "<instance>", text)
    return _VOLATILE.sub("<time>", text).strip()
