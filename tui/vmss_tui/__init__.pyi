from vmss_tui.api import Change as Change
from vmss_tui.api import Connection as Connection
from vmss_tui.api import Plan as Plan
from vmss_tui.api import Record as Record
from vmss_tui.api import Result as Result
from vmss_tui.api import Rollout as Rollout
from vmss_tui.api import RolloutJournal as RolloutJournal
from vmss_tui.api import connect as connect
from vmss_tui.api import open_journal as open_journal
from vmss_tui.api import plan as plan
from vmss_tui.api import rollout as rollout
from vmss_tui.api import watch as watch

__all__ = (
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
)
__version__: str
