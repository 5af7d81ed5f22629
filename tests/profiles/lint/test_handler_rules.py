"""The rules of the Custom Script Extension, which Azure would only report from the machines."""

import random

import pytest

from support.profiles.texts import HEAD, SCRIPT, errors, problems, warnings

BARE = HEAD + "[script]\n"


def test_a_command_or_a_script_is_needed() -> None:
    found = problems(BARE + 'command = ""\n')["script.command"].message
    assert found == problems(BARE)["script.command"].message
    assert found == "has neither a command nor a script (Azure: 'commandToExecute' is not specified)"


def test_command_and_script_exclude_each_other_across_public_and_protected() -> None:
    found = problems(BARE + 'command = "x"\n[protected]\nscript = { env = "S" }\n')
    assert "but only one is validate at a time" in found["script.command"].message


@pytest.mark.parametrize(
    ("name", "line"), [("commandToExecute", 'command = "x"'), ("fileUris", 'files = ["https://h/a"]')]
)
def test_nothing_is_both_public_and_protected(name: str, line: str) -> None:
    rest = "" if name == "commandToExecute" else 'command = "x"\n'
    found = problems(BARE + rest + f'{line}\n[protected]\n{name} = {{ env = "S" }}\n')
    assert found[f"protected.{name}"].message == (
        f"'{name}' was specified both in public and protected settings; it must be specified only once"
    )


def test_a_protected_command_is_enough() -> None:
    assert errors(BARE + '[protected]\ncommandToExecute = { env = "S" }\n') == []


def test_storage_name_and_key_come_together() -> None:
    found = problems(HEAD + SCRIPT + '[protected]\nstorageAccountKey = { env = "K" }\n')
    assert (
        found["protected.storageAccountKey"].message
        == "both 'storageAccountName' and 'storageAccountKey' must be specified"
    )


def test_an_identity_excludes_storage_credentials_and_has_one_id() -> None:
    text = (
        HEAD + SCRIPT + '[protected]\nstorageAccountName = { literal = "abc" }\nstorageAccountKey = { env = "K" }\n'
        'managedIdentity = { clientId = "a", objectId = "b" }\n'
    )
    assert errors(text) == ["protected.managedIdentity", "protected.managedIdentity"]
    assert errors(HEAD + SCRIPT + "[protected]\nmanagedIdentity = {}\n") == []
    assert errors(HEAD + SCRIPT + "[protected]\nmanagedIdentity = { id = 1 }\n") == ["protected.managedIdentity.id"]


def test_protected_names_are_known_and_case_matters() -> None:
    found = problems(HEAD + SCRIPT + '[protected]\nstorageaccountkey = { env = "K" }\n')
    assert found["protected.storageaccountkey"].hint == "case matters: write storageAccountKey"


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        ("'plain'", "is written as plain text"),
        ("3", "must be a reference, not a number"),
        ("{}", "needs exactly one of env, file, prompt"),
        ("{ env = 'A', file = 'b' }", "needs exactly one of env, file, prompt"),
        ("{ env = 'A-B' }", "'A-B' is not a valid name of an environment variable"),
        ("{ literal = 'secret' }", "the secret is in the profile itself"),
        ("{ key_vault = { vault_id = 'a', secret_url = 'b' } }", "Azure reads all protected settings from one"),
    ],
)
def test_a_protected_value_is_a_reference(reference: str, message: str) -> None:
    found = problems(BARE + f"[protected]\ncommandToExecute = {reference}\n")
    assert found["protected.commandToExecute"].message.startswith(message)


def test_a_forced_literal_is_a_warning() -> None:
    text = BARE + "[protected]\ncommandToExecute = { literal = 'run me', force = true }\n"
    assert errors(text) == []
    assert warnings(text) == {"literal-secret": "protected.commandToExecute"}


def test_what_is_no_secret_may_be_literal() -> None:
    both = 'storageAccountKey = { env = "K" }\n'
    assert errors(HEAD + SCRIPT + '[protected]\nstorageAccountName = { literal = "ship" }\n' + both) == []
    assert errors(HEAD + SCRIPT + '[protected]\nstorageAccountName = { literal = "Ship!" }\n' + both) == [
        "protected.storageAccountName"
    ]


def test_a_literal_key_must_at_least_be_one() -> None:
    text = (
        HEAD
        + SCRIPT
        + (
            '[protected]\nstorageAccountName = { literal = "ship" }\n'
            'storageAccountKey = { literal = "no!", force = true }\n'
        )
    )
    assert errors(text) == ["protected.storageAccountKey"]


VAULT = "/subscriptions/s/resourceGroups/g/providers/Microsoft.KeyVault/vaults/v"


def test_a_key_vault_secret_stands_for_all_protected_settings() -> None:
    good = (
        f'[protected]\nkey_vault = {{ vault_id = "{VAULT}", secret_url = "https://v.vault.azure.net/secrets/n/1" }}\n'
    )
    assert errors(BARE + good) == []
    assert errors(HEAD + SCRIPT + good + 'storageAccountKey = { env = "K" }\n') == ["protected.storageAccountKey"]
    assert errors(BARE + '[protected]\nkey_vault = { vault_id = "x" }\n')[0] == "protected.key_vault"
    bad = '[protected]\nkey_vault = { vault_id = "x", secret_url = "y" }\n'
    assert sorted(errors(BARE + bad)) == ["protected.key_vault.secret_url", "protected.key_vault.vault_id"]


@pytest.mark.parametrize(
    ("uri", "message"),
    [
        ("", "is empty"),
        ("web.sh", "'web.sh' is not an http or https address"),
        ("ftp://h/a.sh", "'ftp://h/a.sh' is not an http or https address"),
        ("https:///a.sh", "'https:///a.sh' names no host"),
        ("https://h/a b.sh", "holds white space"),
        ("https://h/dir/", "cannot extract file name from URL: 'https://h/dir/'"),
        ("https://h", "cannot extract file name from URL: 'https://h'"),
        ("https://[h/a", "'https://[h/a' is not an address"),
    ],
)
def test_an_address_must_be_one(uri: str, message: str) -> None:
    assert problems(BARE + f'command = "x"\nfiles = ["{uri}"]\n')["script.files[0]"].message == message


def test_files_of_one_name_overwrite_each_other() -> None:
    text = BARE + 'command = "x"\nfiles = ["https://h/1/a.sh", "https://h/2/a.sh?x=1"]\n'
    assert warnings(text) == {"same-file-name": "script.files[1]"}


def test_a_pin_is_64_hex_digits() -> None:
    assert errors(BARE + 'command = "x"\nfiles = [{ uri = "https://h/a", sha256 = "abc" }]\n') == [
        "script.files[0].sha256"
    ]


def test_windows_knows_no_inline_script_and_no_line_end_setting() -> None:
    text = BARE + 'os = "windows"\ninline = "dir"\nskip_dos2unix = true\n[protected]\nscript = { env = "S" }\n'
    assert {"script.inline", "script.skip_dos2unix", "protected.script"} <= set(errors(text))


def test_an_inline_script_has_a_size() -> None:
    letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-"
    noise = "".join(random.Random(1).choices(letters, k=300_000))
    found = problems(BARE + f"inline = '''{noise}'''\n")["script.inline"]
    assert found.message.startswith("is too long: ")
    assert "of 262,144 characters" in found.message


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("workspaceId = 'x'", "the linux handler refuses the setting 'workspaceId'"),
        ("storageAccountKey = 'x'", "'storageAccountKey' belongs in the protected settings"),
        ("commandtoexecute = 'x'", "the linux handler refuses the setting 'commandtoexecute'"),
        ("commandToExecute = 'y'", "script.command is also given"),
    ],
)
def test_further_settings_are_those_of_the_handler(setting: str, message: str) -> None:
    name = setting.split(" ")[0]
    found = problems(HEAD + SCRIPT + f"[script.settings]\n{setting}\n")
    assert found[f"script.settings.{name}"].message == message


def test_a_timestamp_is_a_whole_number() -> None:
    assert errors(HEAD + SCRIPT + "[script.settings]\ntimestamp = 'now'\n") == ["script.settings.timestamp"]


def test_a_legacy_handler_is_named_in_full() -> None:
    legacy = 'publisher = "Microsoft.OSTCExtensions"\ntype = "CustomScriptForLinux"\n'
    assert errors(HEAD + SCRIPT + legacy) == []
    assert errors(HEAD + SCRIPT + legacy.split("\n")[0] + "\n") == ["script.publisher"]
    assert errors(HEAD + SCRIPT + 'publisher = "Mine"\ntype = "Thing"\n') == ["script.publisher"]


def test_an_extension_has_a_name() -> None:
    assert errors(HEAD + SCRIPT + 'name = "a b"\n') == ["script.name"]
