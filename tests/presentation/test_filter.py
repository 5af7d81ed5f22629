"""The filter language."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vmss_tui.presentation.filter import Field, FilterProblem, Match, Values, matches, parse

KNOWN = {
    field.name: field
    for field in (
        Field("name", bare=True),
        Field("place", bare=True),
        Field("mode", Match.WORD, words=("rolling", "manual", "automatic")),
        Field("tag", Match.START),
        Field("state", Match.WORD, bare=True),
        Field("batch", Match.WHOLE),
    )
}
WEB = {
    "name": ("web-weu",),
    "place": ("rg-ship-web", "prod-europe"),
    "mode": ("Rolling",),
    "tag": ("app=web", "env=prod"),
    "state": ("not healthy idle",),
    "batch": ("10",),
}


def values(of: dict[str, tuple[str, ...]]) -> Values:
    return lambda name: of.get(name, ())


@pytest.mark.parametrize(
    ("source", "fits"),
    [
        ("", True),
        ("   ", True),
        ("web", True),
        ("WEB weu", True),
        ("web neu", False),
        ("!web", False),
        ("!neu", True),
        ("/^web-.*u$/", True),
        ("!/^web-.*u$/", False),
        ("/^rg-/", True),
        ("name:/^rg-/", False),
        ("mode:rolling", True),
        ("mode:roll", True),
        ("mode:manual,rolling", True),
        ("!mode:rolling", False),
        ("tag:app=web", True),
        ("tag:app", True),
        ("tag:web", False),
        ("tag:env=dev", False),
        ('"ship-web"', True),
        ('"ship web"', False),
        ("state:idle name:weu !tag:env=dev", True),
        ("state:health", True),
        ("state:ealthy", False),
        ("healthy", True),
        ("state:unhealthy", False),
        ("batch:10", True),
        ("batch:1", False),
        ("!batch:1", True),
        ("batch:1,10", True),
        ("10", False),
        ("mode:", True),
        ("!", True),
    ],
)
def test_terms_all_must_hold(source: str, fits: bool) -> None:
    assert matches(parse(source, KNOWN), values(WEB)) is fits


@pytest.mark.parametrize("source", ["/we", '"ship', "mode:/roll", "/a\\/b"])
def test_what_is_still_being_typed_counts_as_closed(source: str) -> None:
    assert len(parse(source, KNOWN)) == 1


def test_an_unknown_field_names_the_nearest_or_all() -> None:
    with pytest.raises(FilterProblem, match="did you mean mode:"):
        parse("mod:rolling", KNOWN)
    with pytest.raises(FilterProblem, match="use batch:, mode:, name:, place:, state:, tag:"):
        parse("color:red", KNOWN)


def test_a_value_that_never_occurs_is_named_with_those_that_do() -> None:
    with pytest.raises(FilterProblem, match="mode: is never 'foo'; use rolling, manual, automatic"):
        parse("mode:foo", KNOWN)
    assert parse("mode:m", KNOWN), "what is still being typed may become one"


def test_a_bad_expression_is_named() -> None:
    with pytest.raises(FilterProblem, match=r"/\[/ is not a regular expression"):
        parse("/[/", KNOWN)


@given(st.text(max_size=40))
def test_any_text_is_a_filter_or_a_problem_in_words(source: str) -> None:
    try:
        terms = parse(source, KNOWN)
    except FilterProblem as problem:
        assert str(problem)
    else:
        assert isinstance(matches(terms, values(WEB)), bool)


@pytest.mark.parametrize(
    ("source", "fits"),
    [
        ("wbweu", True), ("WEBW", True), ("rgweb", True), ("ebw", False), ("uew", False), ("wu web", True),
        ('"wbweu"', False), ("!wbweu", True), ("tag:aweb", False), ("name:wbweu", True), ("place:wbweu", False),
    ],
)  # fmt: skip
def test_a_fuzzy_word_is_matched_by_its_letters_in_order(source: str, fits: bool) -> None:
    terms = parse(source, KNOWN, fuzzy=True)
    assert matches(terms, values(WEB), loosely=True) is fits


def test_letters_count_only_where_both_the_filter_and_the_reader_allow_it() -> None:
    assert not matches(parse("wbweu", KNOWN), values(WEB), loosely=True), "the command line is exact"
    assert not matches(parse("wbweu", KNOWN, fuzzy=True), values(WEB))


def test_letters_far_from_each_other_are_no_match() -> None:
    apart: dict[str, tuple[str, ...]] = {"name": ("worker of the north-east region",)}
    assert not matches(parse("wnr", KNOWN, fuzzy=True), values(apart), loosely=True)


def test_a_word_with_a_slash_is_looked_for_in_ids_as_well() -> None:
    fields = {**KNOWN, "id": Field("id")}
    home = "/subscriptions/1-2/resourceGroups/rg-ship-web/providers/Microsoft.Compute/virtualMachineScaleSets/web-weu"
    of = values({**WEB, "id": ("rg-ship-web/web-weu", home)})
    for found in (home, home.upper(), f"name:web {home}", "rg-ship-web/web", f"{home} mode:rolling"):
        assert matches(parse(found, fields, fuzzy=True), of), found
    for absent in (f"{home}-2", f"!{home}", "rg-ship-web/db", "virtualMachineScaleSets", f"/{home}/"):
        assert not matches(parse(absent, fields), of), absent
    assert matches(parse("/ship-web/", fields), of), "a regular expression stays one"
    assert not matches(parse(home, KNOWN), values(WEB)), "a table without ids"
