"""What a database role of a team's journal may do, as SQL of PostgreSQL. Pure.

A viewer reads, is seen to watch, and shares the levels of the request quota; an approver may also ask for an
approval, and for nothing else, by a row policy on the requests; an operator may write everything. Changes of the tables
themselves stay with the role that owns them.
"""

import re
from hashlib import sha256

from vmss_tui.domain.rollout.team.roles import Right
from vmss_tui.errors import UsageError

_SCHEMA, _QUEUE = "vmss_tui", "vmss_tui_jobs"
_POLICIES = ("vmss_tui_rows", "vmss_tui_only_approvals")


def statements(role: str, right: Right) -> tuple[str, ...]:
    """The statements that give a role this right and take others from it, for the owner of the tables.

    They can be repeated. Raises UsageError for a name that is none.
    """
    if not re.fullmatch(r"[\w][\w .@-]{0,62}", role):
        raise UsageError("this is not the name of a database role", hint="Letters, digits, spaces and . @ - _ only.")
    name = f'"{role}"'
    only_approvals = f"{_POLICIES[1]}_{sha256(role.encode()).hexdigest()[:12]}"
    writes = {Right.VIEWER: "", Right.APPROVER: "", Right.OPERATOR: ", INSERT, UPDATE, DELETE"}[right]
    found = [
        f"REVOKE ALL ON ALL TABLES IN SCHEMA {_SCHEMA} FROM {name}",
        f"ALTER DEFAULT PRIVILEGES IN SCHEMA {_SCHEMA} REVOKE ALL ON TABLES FROM {name}",
        f"GRANT USAGE ON SCHEMA {_SCHEMA} TO {name}",
        f"GRANT SELECT{writes} ON ALL TABLES IN SCHEMA {_SCHEMA} TO {name}",
        f"ALTER DEFAULT PRIVILEGES IN SCHEMA {_SCHEMA} GRANT SELECT{writes} ON TABLES TO {name}",
        f"GRANT INSERT, UPDATE, DELETE ON {_SCHEMA}.watchers TO {name}",
        f"GRANT INSERT, UPDATE ON {_SCHEMA}.quota TO {name}",
        f"DROP POLICY IF EXISTS {only_approvals} ON {_SCHEMA}.requests",
    ]
    if right is Right.APPROVER:
        found += [
            f"GRANT INSERT ON {_SCHEMA}.requests TO {name}",
            f"DROP POLICY IF EXISTS {_POLICIES[0]} ON {_SCHEMA}.requests",
            f"CREATE POLICY {_POLICIES[0]} ON {_SCHEMA}.requests USING (true) WITH CHECK (true)",
            f"CREATE POLICY {only_approvals} ON {_SCHEMA}.requests AS RESTRICTIVE FOR INSERT TO {name}"
            " WITH CHECK (verb = 'approve')",
            f"ALTER TABLE {_SCHEMA}.requests ENABLE ROW LEVEL SECURITY",
        ]
    if right is Right.OPERATOR:
        queue: tuple[str, ...] = (
            f"GRANT USAGE ON SCHEMA {_QUEUE} TO {name}",
            f"GRANT ALL ON ALL TABLES IN SCHEMA {_QUEUE} TO {name}",
            f"GRANT ALL ON ALL SEQUENCES IN SCHEMA {_QUEUE} TO {name}",
        )
    else:
        queue = (
            f"REVOKE ALL ON ALL TABLES IN SCHEMA {_QUEUE} FROM {name}",
            f"REVOKE ALL ON SCHEMA {_QUEUE} FROM {name}",
        )
    guarded = "; ".join(queue)
    found.append(f"DO $$ BEGIN IF to_regnamespace('{_QUEUE}') IS NOT NULL THEN {guarded}; END IF; END $$")
    return tuple(found)
