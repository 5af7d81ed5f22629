"""The public API for scripts: connect, plan, rollout, watch, and the journal. The commands, as functions.

Settings come from the same options, variables and configuration file as the command line's. Records are those of
`--json` and `--jsonl`. Every function raises only `vmss_tui.errors.VmssTuiError` and its subclasses; nothing is asked
at a terminal. The exports here are stable as `docs/api.md` says; everything else of the package is not.
"""

import logging

from vmss_tui.api.changes import Change, watch
from vmss_tui.api.connection import Connection, connect
from vmss_tui.api.plans import Plan, plan
from vmss_tui.api.record import RolloutJournal, open_journal
from vmss_tui.api.rollouts import Result, Rollout, rollout
from vmss_tui.presentation.records import Record

__all__ = [
    "Change",
    "Connection",
    "Plan",
    "Record",
    "Result",
    "Rollout",
    "RolloutJournal",
    "connect",
    "open_journal",
    "plan",
    "rollout",
    "watch",
]

# A script that does not configure logging gets errors as exceptions only, as from any library.
logging.getLogger("vmss_tui").addHandler(logging.NullHandler())
