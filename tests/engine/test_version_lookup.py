"""Names of versions from the journal and the profiles: when they are read, and that neither stops anybody."""

from collections.abc import Mapping

from support.build import script
from support.engine.toy import Toy
from support.engine.toy_azure import ToyClock
from vmss_tui.domain.fleet.script import ScriptConfig
from vmss_tui.engine.version_lookup import VersionLookup
from vmss_tui.errors import JournalUnavailable, ProfileInvalid

ONE, TWO, THREE = (script(number, label="") for number in (1, 2, 3))


class Known:
    """A journal and profiles, and how often they were asked."""

    def __init__(self) -> None:
        self.remembered: dict[str, str | None] = {ONE.digest: "web 1", TWO.digest: None}
        self.recognized = {TWO.digest: "web 2"}
        self.asked: list[str] = []
        self.broken = False

    def labels(self) -> Mapping[str, str | None]:
        self.asked.append("journal")
        if self.broken:
            raise JournalUnavailable("the disk is gone")
        return dict(self.remembered)

    def label_for(self, config: ScriptConfig) -> str:
        self.asked.append(config.digest)
        if self.broken:
            raise ProfileInvalid("no TOML")
        return self.recognized.get(config.digest, "")


def lookup(known: Known, toy: Toy) -> VersionLookup:
    return VersionLookup(lambda: known, lambda: known, ToyClock(toy))


def test_the_journal_goes_before_the_profiles() -> None:
    versions = lookup(Known(), Toy())
    assert [versions(config) for config in (ONE, TWO, THREE)] == ["web 1", "web 2", ""]
    names = versions.names([ONE, TWO, THREE])
    assert [names.label(config.digest) for config in (ONE, TWO, THREE)] == ["web 1", "web 2", None]


def test_answers_come_from_memory_until_they_are_old_or_forgotten() -> None:
    known, toy = Known(), Toy()
    versions = lookup(known, toy)
    before = versions.refresh()
    assert versions(TWO) == versions(TWO) == "web 2"
    assert known.asked == ["journal", TWO.digest]
    known.remembered[TWO.digest] = "web two"
    assert versions(TWO) == "web 2"
    versions.forget()
    assert versions(TWO) == "web two"
    assert versions.generation == before + 1


def test_a_journal_or_profile_that_cannot_be_read_costs_names_only() -> None:
    known, toy = Known(), Toy()
    known.broken = True
    versions = lookup(known, toy)
    assert [versions(ONE), versions(TWO)] == ["", ""]
    assert versions.names([ONE]).label(ONE.digest) is None
    known.broken = False
    versions.forget()
    assert versions(ONE) == "web 1"
