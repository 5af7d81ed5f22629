"""How much property tests try: always the same few cases in the suite, many new ones in a fuzzing campaign.

`FUZZ=20` (what `make fuzz` sets) tries twenty times as many, other ones each time. There is no deadline: the machine
may be busy with other things.
"""

import os

from hypothesis import HealthCheck, settings

FUZZ = int(os.environ.get("FUZZ", "0"))
USUAL = 100


def examples(count: int = USUAL) -> settings:
    """Settings of a property test that tries so many cases in the suite."""
    return settings(
        max_examples=count * max(FUZZ, 1),
        derandomize=not FUZZ,
        database=None,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow],
    )


def load() -> None:
    """Make these the settings of every property test that asks for none."""
    settings.register_profile("vmss-tui", examples())
    settings.load_profile("vmss-tui")
