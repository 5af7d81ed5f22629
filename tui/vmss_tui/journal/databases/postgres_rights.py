"""What the connected role may do by its grants, as `journal grant` gives them: asked before anything is planned."""

from typing import Any

import psycopg

from vmss_tui.domain.rollout.stage import Verb
from vmss_tui.domain.rollout.team.roles import A, Right, lacks
from vmss_tui.errors import PreflightRefused


def require_right(connection: "psycopg.Connection[Any]", schema: str, name: str, verb: Verb | None) -> None:
    """Raise PreflightRefused when the role may do too little in the journal `name`; without a verb, to start."""
    found = connection.execute(
        "SELECT current_user AS role, has_table_privilege(%s, 'INSERT') AS writes,"
        " has_table_privilege(%s, 'INSERT') AS asks",
        (f"{schema}.rollouts", f"{schema}.requests"),
    ).fetchone()
    assert found is not None, "a query without a table has one row"
    right = Right.OPERATOR if found["writes"] else Right.APPROVER if found["asks"] else Right.VIEWER
    lacking = lacks(right, verb)
    if lacking:
        needed = Right.APPROVER if verb is Verb.APPROVE else Right.OPERATOR
        raise PreflightRefused(
            f"the database role {found['role']} is {A[right]} of the journal {name}: {lacking}",
            hint=f"As the owner of its tables: `vmss-tui journal grant {found['role']} {needed} --execute`.",
        )
