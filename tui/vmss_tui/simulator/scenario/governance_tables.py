"""The tables of a scenario file about roles, locks, deny assignments and policies."""

from vmss_tui.simulator.scenario.model import LockLevel
from vmss_tui.simulator.scenario.schema import Table, anything, choice, is_texts, text

_SCOPE = "`/`, a subscription, `subscription/group`, `subscription/group/scale set`, or a resource id."
_ACTIONS = '["Microsoft.Compute/virtualMachineScaleSets/read"]'

GOVERNANCE = (
    Table(
        "roles",
        "Custom roles, which principals have by name as they have built-in ones.",
        (
            text("name", "Name.", "Rollout Operator", required=True),
            anything("actions", "list of texts", "Actions; `*` stands for any text.", _ACTIONS, is_texts),
            anything("not_actions", "list of texts", "Actions that it does not hold.", '["*/delete"]', is_texts),
        ),
        is_list=True,
    ),
    Table(
        "locks",
        "Management locks.",
        (
            text("name", "Name.", "freeze", required=True),
            text("scope", _SCOPE, "prod-europe/rg-ship-web", required=True),
            choice("level", tuple(LockLevel), "What it forbids.", "ReadOnly"),
            text("notes", "Why.", "Black Friday"),
        ),
        is_list=True,
    ),
    Table(
        "deny_assignments",
        "Deny assignments, as managed applications have them.",
        (
            text("name", "Name.", "System deny assignment", required=True),
            text("scope", _SCOPE, "prod-europe/rg-ship-web", required=True),
            anything("actions", "list of texts", "Denied actions; every write by default.", _ACTIONS, is_texts),
            anything("excluded", "list of texts", "Names of principals that may.", '["databricks"]', is_texts),
        ),
        is_list=True,
    ),
    Table(
        "policies",
        "Azure Policy assignments. Those that deny do so; others are shown and do nothing.",
        (
            text("name", "Display name.", "Only approved VM extensions", required=True),
            text("scope", _SCOPE, "prod-europe", required=True),
            anything("actions", "list of texts", "Denied writes; all of scale sets by default.", _ACTIONS, is_texts),
            text("contains", "Only bodies with this text.", "CustomScript"),
            choice("effect", ("Deny", "Audit", "Modify", "DeployIfNotExists"), "What it does.", "Deny"),
        ),
        is_list=True,
    ),
)
