"""Literal secrets are never on a screen."""

import pytest

from vmss_tui.profiles.redact import masked


@pytest.mark.parametrize(
    "text",
    [
        "[protected]\nscript = { literal = 's3cret', force = true }\n",
        '[protected]\nscript = { force = true, literal = "s3cret" }\n',
        '[protected]\nscript.literal = "s3cret"\n',
        "[protected.script]\nliteral = 's3cret'\n",
        '[protected.script]\nliteral = """\nline\ns3cret\n"""\n',
        '[protected]\nscript = "s3cret"\n',
        '[protected]\nscript = "a \\"s3cret\\" b"\n',
        '[protected]\nscript = { literal = "a \\"s3cret\\" b" }\n',
        '[protected]\nscript = { literal = "s3cret\n',
        '[protected.script]\nliteral = """\ns3cret\n',
        'broken = \n[protected]\nscript = { literal = "s3cret" }\n',
    ],
)
def test_a_literal_is_masked_however_it_is_written(text: str) -> None:
    assert "s3cret" not in masked(text)
    assert "***" in masked(text)


def test_what_is_no_secret_stays() -> None:
    text = (
        '# a comment\n[script]\ncommand = "./literal = 1"\n[protected]\nstorageAccountName = { literal = "ship" }\n'
        'managedIdentity = { clientId = "x" }\nstorageAccountKey = { env = "KEY" }\n'
    )
    assert masked(text) == text
