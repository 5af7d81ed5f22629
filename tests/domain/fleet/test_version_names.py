"""Names of versions: labels by digest, and how a version without one is written."""

from support.build import script
from vmss_tui.domain.fleet.version_names import NAMELESS, VersionNames, name_of, unnamed

ONE, TWO = script(1), script(2)


def test_a_version_without_a_label_is_written_in_one_way() -> None:
    names = VersionNames({ONE.digest: "web 1", TWO.digest: None})
    assert names.text(ONE.digest) == "web 1"
    assert names.text(TWO.digest) == NAMELESS.text(TWO.digest) == unnamed(TWO.digest) == f"unknown {TWO.digest[:8]}"
    assert names.text("") == ""
    assert (names.label(ONE.digest), names.label(TWO.digest), names.label("ff")) == ("web 1", None, None)
    assert names.of([ONE.digest, TWO.digest]) == {ONE.digest: "web 1"}


def test_a_configuration_keeps_the_label_that_it_carries() -> None:
    names = VersionNames({ONE.digest: "journal's"})
    assert names.labelled(ONE.labelled("")).label == "journal's"
    assert names.labelled(ONE.labelled("its own")).label == "its own"
    assert name_of(ONE.labelled("its own"), lambda _: "another") == "its own"
    assert name_of(ONE.labelled(""), lambda _: "another") == "another"
    assert name_of(ONE.labelled(""), lambda _: "") == unnamed(ONE.digest)


def test_what_a_plan_carries_goes_before_what_was_known() -> None:
    names = VersionNames({ONE.digest: "old", "aa": "kept"})
    more = names.including(ONE.labelled("new"), None, TWO.labelled(""), others={"bb": "b", "cc": None})
    assert more.labels == {ONE.digest: "new", "aa": "kept", "bb": "b"}


def test_only_what_has_no_label_is_recognized() -> None:
    asked = []

    def recognize(config: object) -> str:
        asked.append(config)
        return "found"

    names = VersionNames({ONE.digest: "web 1", TWO.digest: None}).recognizing((ONE, TWO), recognize)
    assert names.labels == {ONE.digest: "web 1", TWO.digest: "found"}
    assert asked == [TWO]
