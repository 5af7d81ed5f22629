"""Whether the account only reads: subscriptions first, then groups, and no claim without proof."""

import pytest

from support.fakes import FakeAzure
from vmss_tui.domain.fleet.ids import ScaleSetId
from vmss_tui.domain.fleet.rights import Permission
from vmss_tui.engine.account_rights import MOST_SCOPES, only_reads

READER = (Permission(("*/read",)),)
WRITER = (Permission(("Microsoft.Compute/*",)),)
SETS = [ScaleSetId("s1", "g1", "a"), ScaleSetId("S1", "G1", "b"), ScaleSetId("s1", "g2", "c")]


class Granting(FakeAzure):
    """Permissions by scope: a reader everywhere else."""

    def __init__(self, **by_scope: tuple[Permission, ...] | None) -> None:
        super().__init__()
        self.by_scope = by_scope

    async def permissions(
        self, subscription: str, group: str = "", resource: str = ""
    ) -> tuple[Permission, ...] | None:
        self.calls.append(group or subscription)
        return self.by_scope.get(group or subscription, READER)


@pytest.mark.parametrize(
    ("azure", "asked", "reads"),
    [
        (Granting(), ["s1", "g1", "g2"], True),
        (Granting(s1=WRITER), ["s1"], False),
        (Granting(g2=WRITER), ["s1", "g1", "g2"], False),
        (Granting(g1=None), ["s1", "g1", "g2"], False),
    ],
)
async def test_one_scope_that_allows_or_is_unknown_is_enough(azure: Granting, asked: list[str], reads: bool) -> None:
    assert await only_reads(azure, SETS) is reads
    assert azure.calls == asked


async def test_nothing_is_claimed_of_nothing_or_of_too_much() -> None:
    azure = Granting()
    assert not await only_reads(azure, [])
    assert not await only_reads(azure, [ScaleSetId("s", f"g{number}", "x") for number in range(MOST_SCOPES)])
    assert azure.calls == []
