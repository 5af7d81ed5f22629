"""What makes two scripts' outputs the same: all but the instance's own name, times, durations and process numbers.

Pure. Six hundred outputs become the three that a person has to read.
"""

import re

_VOLATILE = re.compile(
    r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?"
    r"|\b\d\d:\d\d:\d\d(?:[.,]\d+)?\b"
    r"|\b\d+(?:\.\d+)?\s?(?:ms|s|sec|seconds|min|minutes)\b"
    r"|\b0x[0-9a-f]+\b|\bpid[ =:]+\d+",
    re.IGNORECASE,
)


def masked(text: str, name: str) -> str:
    """The text without what differs from instance to instance; `name` is the instance's."""
    if name:
        text = re.sub(re.escape(name) + r"(?![0-9])", "<instance>", text)
    return _VOLATILE.sub("<time>", text).strip()
