"""What the machine will do, and what happens to protected settings, in words."""

from dataclasses import replace
from typing import Any

from vmss_tui.domain.fleet.script import LINUX, WINDOWS, ScriptConfig, SecretRef, SecretSource
from vmss_tui.profiles.format.inline_script import encode
from vmss_tui.profiles.preview import preview
from vmss_tui.profiles.protected_changes import ProtectedWord, protected_changes, source_of

ENV = SecretRef(SecretSource.ENV, "KEY")
FILE = SecretRef(SecretSource.FILE, "/etc/key")


def config(**settings: Any) -> ScriptConfig:
    return ScriptConfig(name="x", handler=LINUX, settings=settings)


def steps(script: ScriptConfig) -> list[tuple[str, str]]:
    return [(line.verb, line.text) for line in preview(script)]


def test_linux_downloads_then_runs() -> None:
    found = steps(config(fileUris=["https://h/1/a.sh?x"], commandToExecute="./a.sh 1"))
    assert found == [
        ("folder", "/var/lib/waagent/custom-script/download/N as root"),
        ("download", "https://h/1/a.sh?x → a.sh"),
        ("convert", "CRLF line ends and a byte order mark are removed from text files"),
        ("run", "/bin/sh -c ./a.sh 1"),
    ]


def test_windows_has_its_own_folder_and_shell() -> None:
    found = steps(replace(config(commandToExecute="powershell -File a.ps1"), handler=WINDOWS))
    assert found == [
        ("folder", r"C:\Packages\Plugins\Microsoft.Compute.CustomScriptExtension\1.x\Downloads\N as LocalSystem"),
        ("run", "cmd /c powershell -File a.ps1"),
    ]


def test_line_ends_may_be_left_alone() -> None:
    assert "convert" not in [verb for verb, _ in steps(config(fileUris=["https://h/a"], skipDos2Unix=True))]


def test_an_inline_script_is_described() -> None:
    found = steps(config(script=encode("#!/bin/bash\ntrue\n").value))
    assert ("script", "script.sh, 2 lines, #!/bin/bash") in found
    assert found[-1] == ("run", "/bin/sh -c ./script.sh")
    assert ("script", "script.sh, 1 lines, run by /bin/sh") in steps(config(script=encode("true").value))
    assert ("script", "script.sh cannot be read: the script is not base64") in steps(config(script="!"))


def test_what_is_hidden_is_said_and_not_shown_as_empty() -> None:
    hidden = ("run", "a command that is hidden in the protected settings")
    assert steps(replace(config(), protected={"commandToExecute": ENV}))[-1] == hidden
    assert steps(replace(config(), protected={"*": ENV}))[-1] == hidden
    assert steps(replace(config(), protected_known=False))[-1] == hidden
    assert steps(config())[-1] == ("run", "nothing: there is no command")
    assert ("download", "files whose addresses are protected") in steps(replace(config(), protected={"fileUris": ENV}))


def words(old: ScriptConfig | None, new: ScriptConfig, applied: ScriptConfig | None = None) -> dict[str, ProtectedWord]:
    return {change.name: change.word for change in protected_changes(old, new, applied)}


def test_protected_settings_in_words() -> None:
    new = replace(config(), protected={"storageAccountKey": ENV})
    live = replace(config(), protected_known=False)
    assert words(None, new) == {"storageAccountKey": ProtectedWord.SET}
    assert words(live, new) == {"storageAccountKey": ProtectedWord.REPLACED}
    assert words(live, config()) == {"*": ProtectedWord.KEPT}
    assert words(live, new, applied=new) == {"storageAccountKey": ProtectedWord.AGAIN}
    assert words(live, replace(new, protected={"storageAccountKey": FILE}), applied=new) == {
        "storageAccountKey": ProtectedWord.CHANGED
    }
    other = replace(new, protected={"commandToExecute": ENV})
    assert words(live, other, applied=new) == {
        "commandToExecute": ProtectedWord.SET,
        "storageAccountKey": ProtectedWord.DROPPED,
    }
    assert words(live, config(), applied=new) == {"storageAccountKey": ProtectedWord.UNCHANGED}
    assert words(config(), config()) == {}


def test_sources_never_show_values() -> None:
    assert source_of(ENV) == "$KEY"
    assert source_of(FILE) == "file /etc/key"
    assert source_of(SecretRef(SecretSource.PROMPT, "Key?")) == "prompted at the start"
    assert source_of(SecretRef(SecretSource.LITERAL, "s3cret")) == "in the profile"
    assert source_of(SecretRef(SecretSource.KEY_VAULT, "/v https://s/1")) == "Key Vault https://s/1"
