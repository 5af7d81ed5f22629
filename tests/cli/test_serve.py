"""`vmss-tui serve` refuses what would be unsafe before it opens a port."""

import pytest

from support.program import Program


@pytest.mark.parametrize(
    ("words", "variables", "said"),
    [
        (["--host", "0.0.0.0"], {}, "needs TLS"),
        (["--tls-cert", "pyproject.toml"], {}, "belong together"),
        (["--tls-cert", "pyproject.toml", "--tls-key", "pyproject.toml"], {}, "are not a certificate"),
        (["--allow-writes", "--read-only"], {}, "not allowed with --read-only"),
        ([], {"VMSS_TUI_SERVE_TOKEN": "short"}, "too short"),
    ],
)
def test_what_is_unsafe_is_refused(bare: Program, words: list[str], variables: dict[str, str], said: str) -> None:
    (bare.directory / "pyproject.toml").write_text("x")
    program = Program({**bare.variables, **variables}, bare.directory)
    done = program("serve", "--port", "0", *words)
    assert done.code == 2 and said in done.err, done.err


def test_a_port_that_is_taken(bare: Program) -> None:
    with bare.running("serve", "--port", "0") as process:
        assert process.stdout is not None
        port = process.stdout.readline().strip().rstrip("/").rpartition(":")[2]
        done = bare("serve", "--port", port)
    assert done.code == 2 and f"cannot serve on 127.0.0.1:{port}" in done.err
