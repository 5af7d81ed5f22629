"""The rights to look and to act."""

import pytest

from vmss_tui.web.access import Doors, Level, is_own_host, is_own_origin, new_token


def test_anyone_looks_where_no_token_is_wanted_and_nobody_acts() -> None:
    doors = Doors()
    assert doors.level(None) is Level.LOOK
    assert doors.enter("guess") is None and doors.enter("") is None
    assert doors.level("guess") is Level.LOOK


def test_a_token_opens_a_session_and_only_what_it_is_for() -> None:
    doors = Doors(look=new_token(), act=new_token())
    assert doors.level(None) is Level.NOTHING
    assert doors.look is not None and doors.act is not None
    viewing, acting = doors.enter(doors.look), doors.enter(doors.act)
    assert viewing != acting
    assert (doors.level(viewing), doors.level(acting)) == (Level.LOOK, Level.ACT)
    assert doors.level(doors.act) is Level.NOTHING, "a token is not a session"
    doors.leave(acting)
    assert doors.level(acting) is Level.NOTHING


def test_sessions_do_not_pile_up() -> None:
    doors = Doors(look="x" * 20)
    first = doors.enter("x" * 20)
    for _ in range(1000):
        doors.enter("x" * 20)
    assert doors.level(first) is Level.NOTHING


@pytest.mark.parametrize("token", ["é" * 9, "\x00", "x" * 10_000_000, "\ud800"])
def test_odd_tokens_are_just_wrong(token: str) -> None:
    assert Doors(look="right-right-right").enter(token) is None


@pytest.mark.parametrize(
    ("host", "own"),
    [
        ("127.0.0.1:8433", True), ("LOCALHOST:1", True), ("[::1]:8433", True), ("evil.example", False), ("", False),
        ("[::1", False), ("localhost.evil.example", False),
    ],
)  # fmt: skip
def test_the_names_of_this_server(host: str, own: bool) -> None:
    assert is_own_host(host, ("localhost", "127.0.0.1", "::1")) is own


@pytest.mark.parametrize(
    ("origin", "own"),
    [("http://127.0.0.1:8433", True), ("http://127.0.0.1:9", False), ("http://evil.example", False), (None, False),
     ("null", False), ("http://[::1", False), ("127.0.0.1:8433", False)],
)  # fmt: skip
def test_requests_of_other_sites(origin: str | None, own: bool) -> None:
    assert is_own_origin(origin, "127.0.0.1:8433") is own
