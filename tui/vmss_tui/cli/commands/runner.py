"""`vmss-tui runner ROLLOUT`: the process that carries out one rollout of the journal; started by `cli.process`.

It belongs to no terminal: a hang-up does not reach it, a SIGTERM lets it put down its lease in good order.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:

    pass
