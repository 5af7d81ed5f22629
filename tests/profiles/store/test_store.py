"""The store finds, lists and keeps profiles, and loses nothing that a person wrote."""

import json
import os
import stat
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from support.profiles.texts import SCRIPT
from vmss_tui.domain.fleet.script import LINUX, ScriptConfig, SecretRef, SecretSource
from vmss_tui.errors import ProfileInvalid, SaveRefused, UsageError
from vmss_tui.paths import bundled_profiles_directory, user_profiles_directory
from vmss_tui.profiles.model import load, resolve
from vmss_tui.profiles.store.directories import Origin, Place, places
from vmss_tui.profiles.store.store import ProfileStore

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
COMMENTED = "# When to use it: always.\nschema = 1\nname = \"web\"\ndescription = 'Web'\n\n" + SCRIPT + "# the end\n"
PLAIN = 'schema = 1\nname = "plain"\n' + SCRIPT


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "user").mkdir()
    (tmp_path / "bundled").mkdir()
    (tmp_path / "user" / "web.toml").write_text(COMMENTED, "utf-8")
    (tmp_path / "user" / "plain.toml").write_text(PLAIN, "utf-8")
    (tmp_path / "bundled" / "web.toml").write_text(COMMENTED.replace("'Web'", "'Theirs'"), "utf-8")
    (tmp_path / "bundled" / "other.toml").write_text(PLAIN.replace('"plain"', '"other"'), "utf-8")
    return tmp_path


@pytest.fixture
def store(home: Path) -> ProfileStore:
    return ProfileStore(
        Place(home / "user", Origin.USER), Place(home / "bundled", Origin.BUNDLED), state=home / "state"
    )


def test_places_in_their_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VMSS_TUI_PROFILES", f"/a{os.pathsep}/b")
    found = places(tmp_path / "flag")
    assert [(entry.path, entry.origin) for entry in found[:4]] == [
        (tmp_path / "flag", Origin.FLAG),
        (Path("/a"), Origin.ENVIRONMENT),
        (Path("/b"), Origin.ENVIRONMENT),
        (user_profiles_directory(), Origin.USER),
    ]
    assert found[4].path == bundled_profiles_directory()
    assert not found[4].writable


def test_bundled_profiles_are_found_in_a_source_tree() -> None:
    found = bundled_profiles_directory()
    assert found is not None
    assert (found / "web.toml").is_file()


def test_the_first_of_a_name_wins_and_the_other_is_shown_as_shadowed(store: ProfileStore) -> None:
    found = [(entry.name, entry.origin, entry.shadowed, entry.description) for entry in store.list()]
    assert found == [
        ("other", Origin.BUNDLED, False, ""),
        ("plain", Origin.USER, False, ""),
        ("web", Origin.USER, False, "Web"),
        ("web", Origin.BUNDLED, True, "Theirs"),
    ]
    assert store.get("web").description == "Web"


def test_a_broken_profile_is_listed_with_its_problem(home: Path, store: ProfileStore) -> None:
    (home / "user" / "bad.toml").write_text("schema = 1\nnmae = 'x'\n" + SCRIPT, "utf-8")
    entry = next(entry for entry in store.list() if entry.name == "bad")
    assert entry.problem == "bad.toml:2: nmae: unknown key; did you mean name?"
    with pytest.raises(ProfileInvalid, match="unknown key"):
        store.get("bad")


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"schema = 1\nname = \n", r"odd\.toml:2: is not valid TOML"),
        (b"schema = 1\n# \xff\n", "is not UTF-8"),
        (b"a = " + b"[" * 5000, "is nested too deeply"),
        (b"#" * (1 << 20) + b"#", "is larger than 1 MiB"),
    ],
    ids=["syntax", "encoding", "depth", "size"],
)
def test_a_file_that_cannot_be_read_has_its_own_name(
    home: Path, store: ProfileStore, content: bytes, problem: str
) -> None:
    """So that asking for it says what is wrong with it, and another profile of its name is not taken instead."""
    for name in ("odd", "other"):
        (home / "user" / f"{name}.toml").write_bytes(content)
        assert store.find(name).path == home / "user" / f"{name}.toml"
        with pytest.raises(ProfileInvalid, match=problem.replace("odd", name)):
            store.get(name)


def test_bases_are_not_listed(home: Path, store: ProfileStore) -> None:
    (home / "user" / "base.toml").write_text("schema = 1\nbase = true\nowner = 'us'\n", "utf-8")
    assert "base" not in [entry.name for entry in store.list()]


def test_the_last_used_comes_first(home: Path, store: ProfileStore) -> None:
    store.used("plain", NOW)
    store.used("web", NOW + timedelta(minutes=1))
    again = ProfileStore(*store.places, state=home / "state")
    assert [entry.name for entry in again.list()] == ["web", "plain", "other", "web"]
    assert again.find("web").last_used == NOW + timedelta(minutes=1)


def test_a_use_is_noted_by_path_too_and_one_that_is_gone_is_no_error(home: Path, store: ProfileStore) -> None:
    store.used(str(store.find("plain").path), NOW)
    store.used("was-deleted-meanwhile", NOW)
    assert store.find("plain").last_used == NOW


def test_a_damaged_record_of_uses_is_forgotten(home: Path, store: ProfileStore) -> None:
    store.used("plain", NOW)
    for text in ("{", "[]", json.dumps({"a": "not a time"})):
        (home / "state" / "profiles-used.json").write_text(text, "utf-8")
        assert store.find("plain").last_used is None


def test_a_name_that_is_not_there_gets_the_nearest(store: ProfileStore) -> None:
    with pytest.raises(UsageError) as caught:
        store.get("wbe")
    assert caught.value.hint == "did you mean web?"
    with pytest.raises(UsageError, match="there is no profile 'zzz'"):
        store.get("zzz")


def test_more_names_than_are_shown_end_with_an_ellipsis(home: Path, store: ProfileStore) -> None:
    for count, ends in ((8, "web"), (9, "…")):
        while len(found := {entry.name for entry in store.list()}) < count:
            (home / "user" / f"n{len(found)}.toml").write_text("schema = 1\n" + SCRIPT, "utf-8")
        with pytest.raises(UsageError) as caught:
            store.find("zzz")
        known = caught.value.hint.partition(";")[0].removeprefix("known: ").split(", ")
        assert known[-1] == ends and len([name for name in known if name in found]) == 8


def test_a_path_is_a_name_too(home: Path, store: ProfileStore) -> None:
    assert store.get(str(home / "bundled" / "web.toml")).description == "Theirs"
    assert store.find(str(home / "bundled" / "web.toml")).origin is Origin.BUNDLED
    with pytest.raises(UsageError, match="no profile at"):
        store.get(str(home / "none.toml"))


def test_a_new_profile_is_saved_whole_and_readable(home: Path, store: ProfileStore) -> None:
    new = replace(store.get("plain"), name="new", path=None, stamp="")
    path = store.save(new)
    assert path == home / "user" / "new.toml"
    assert load(path) == new
    assert list((home / "user").glob(".*")) == []


def test_a_saved_profile_is_private_and_stays_shared_where_it_was(home: Path, store: ProfileStore) -> None:
    mask = os.umask(0)
    try:
        plain = store.save(replace(store.get("plain"), name="a", path=None))
        refs = {"commandToExecute": SecretRef(SecretSource.ENV, "CMD")}
        script = replace(store.get("plain").script, command="")
        secret = store.save(replace(store.get("plain"), name="b", path=None, protected=refs, script=script))
    finally:
        os.umask(mask)
    assert stat.S_IMODE(plain.stat().st_mode) == 0o600
    plain.chmod(0o666)
    store.save(replace(load(plain), description="shared"))
    assert stat.S_IMODE(plain.stat().st_mode) == 0o644, "readable as it was, writable by its owner only"
    assert stat.S_IMODE(secret.stat().st_mode) == 0o600
    store.save(replace(load(secret), protected={}, script=store.get("plain").script))
    assert stat.S_IMODE(secret.stat().st_mode) == 0o600


def reason(caught: pytest.ExceptionInfo[SaveRefused]) -> str:
    return caught.value.reason


def test_a_file_without_comments_is_saved_in_place(store: ProfileStore) -> None:
    store.save(replace(store.get("plain"), description="New"))
    assert store.get("plain").description == "New"


def test_another_profile_is_not_overwritten_unasked(store: ProfileStore) -> None:
    with pytest.raises(SaveRefused) as caught:
        store.save(replace(store.get("plain"), name="web", path=None))
    assert reason(caught) == "exists"


def test_a_change_on_disk_is_noticed_and_never_overwritten(home: Path, store: ProfileStore) -> None:
    loaded = store.get("plain")
    (home / "user" / "plain.toml").write_text(PLAIN + "timestamp = 3\n", "utf-8")
    with pytest.raises(SaveRefused) as caught:
        store.save(replace(loaded, description="mine"), overwrite=True)
    assert reason(caught) == "changed"
    assert (home / "user" / "plain.toml").read_text("utf-8").endswith("timestamp = 3\n")


def test_bundled_profiles_stay_as_they_are(home: Path, store: ProfileStore) -> None:
    other = store.get("other")
    assert store.save(replace(other, description="mine")) == home / "user" / "other.toml"
    entry = store.find(str(home / "bundled" / "other.toml"))
    for action in (lambda: store.delete(entry), lambda: store.rename(entry, "x"),
                   lambda: store.save(other, to=entry.path)):  # fmt: skip
        with pytest.raises(SaveRefused) as caught:
            action()
        assert reason(caught) == "bundled"


def test_duplicate_keeps_comments_and_changes_the_name(home: Path, store: ProfileStore) -> None:
    path = store.duplicate(store.find("web"), "web-2")
    assert path.read_text("utf-8") == COMMENTED.replace('"web"', '"web-2"')
    assert store.get("web-2").name == "web-2"
    with pytest.raises(SaveRefused, match="already exists"):
        store.duplicate(store.find("web"), "web-2")
    with pytest.raises(UsageError, match="is not a valid name for a profile"):
        store.duplicate(store.find("web"), "../web")


def test_duplicate_into_another_directory_still_finds_what_it_needs(home: Path, store: ProfileStore) -> None:
    (home / "bundled" / "a.sh").write_text("#!/bin/sh\ntrue\n", "utf-8")
    (home / "bundled" / "fix.toml").write_text("schema = 1\n[script]\ninline_file = 'a.sh'\n", "utf-8")
    path = store.duplicate(store.find("fix"), "fix-2")
    assert load(path).script.inline == "#!/bin/sh\ntrue\n"


def test_a_profile_without_a_name_gets_one_on_duplication(home: Path, store: ProfileStore) -> None:
    (home / "user" / "bare.toml").write_text("# why\nschema = 1\n" + SCRIPT, "utf-8")
    path = store.duplicate(store.find("bare"), "other-name")
    assert path.read_text("utf-8").startswith('# why\nschema = 1\nname = "other-name"\n')


def test_rename_moves_the_file_and_keeps_comments(home: Path, store: ProfileStore) -> None:
    path = store.rename(store.find("web"), "site")
    assert path == home / "user" / "site.toml"
    assert not (home / "user" / "web.toml").exists()
    assert "# When to use it" in path.read_text("utf-8")
    assert store.get("web").description == "Theirs"


def test_delete(home: Path, store: ProfileStore) -> None:
    store.delete(store.find("plain"))
    assert "plain" not in [entry.name for entry in store.list()]


def test_a_place_that_cannot_be_written_says_so(home: Path, store: ProfileStore) -> None:
    (home / "file").write_text("", "utf-8")
    nowhere = ProfileStore(Place(home / "file" / "x", Origin.FLAG), state=home / "state")
    with pytest.raises(SaveRefused) as caught:
        nowhere.save(replace(store.get("plain"), path=None))
    assert reason(caught) == "rights"
    with pytest.raises(SaveRefused, match="no place to save"):
        ProfileStore(Place(home / "bundled", Origin.BUNDLED), state=home).save(replace(store.get("plain"), path=None))


def test_a_profile_with_an_impossible_name_is_not_saved(store: ProfileStore) -> None:
    with pytest.raises(UsageError, match="is not a valid name for a profile"):
        store.save(replace(store.get("plain"), name="../x", path=None))


def test_versions_get_their_names_from_any_profile(home: Path, store: ProfileStore) -> None:
    assert store.label_for(resolve(store.get("plain"), {}, environ={}).script) == ""
    text = 'schema = 1\n[variables.v]\npattern = "[0-9.]+"\n' + SCRIPT.replace("1.0", "${v}") + "label = 'a ${v}'\n"
    (home / "user" / "a.toml").write_text(text, "utf-8")
    script = resolve(store.get("a"), {"v": "1.0"}, environ={}).script
    assert store.label_for(script) == "a 1.0"
    store.delete(store.find("a"))
    assert store.label_for(script) == ""


def test_text_of_an_entry(home: Path, store: ProfileStore) -> None:
    entry = store.find("web")
    assert store.text(entry) == COMMENTED
    assert store.shown(entry) == COMMENTED
    entry.path.unlink()
    with pytest.raises(UsageError, match="cannot be read"):
        store.text(entry)


def test_one_store_sees_changes_of_a_file_its_base_and_its_neighbors(tmp_path: Path) -> None:
    base, web = tmp_path / "base.toml", tmp_path / "web.toml"
    base.write_text("schema = 1\nbase = true\n[script]\nlabel = 'old'\n")
    web.write_text("schema = 1\nname = 'web'\nextends = 'base.toml'\n[script]\ncommand = './a.sh'\n")
    store = ProfileStore(Place(tmp_path, Origin.USER), state=tmp_path / "state")
    live = ScriptConfig(name="x", handler=LINUX, settings={"commandToExecute": "./a.sh"})
    assert store.label_for(live) == "old"
    base.write_text("schema = 1\nbase = true\n[script]\nlabel = 'changed'\n")
    assert store.label_for(live) == "changed"
    assert store.glance(store.find("web")).script.label == "changed"
    web.unlink()
    assert store.label_for(live) == ""
    web.write_text("schema = 1\nname = 'web'\nextends = 'later.toml'\n[script]\ncommand = './a.sh'\n")
    assert store.find("web").problem
    (tmp_path / "later.toml").write_text("schema = 1\nbase = true\n[script]\nlabel = 'here now'\n")
    assert not store.find("web").problem
