"""Secrets in foreign text: hidden in every shape, and the rest of the text stays."""

import gzip
import json
from base64 import b64encode, encodebytes

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vmss_tui.cli import output
from vmss_tui.redact import hide_also, redacted, redacted_value
from vmss_tui.secret_shapes import HIDDEN
from vmss_tui.text import plain

BEGIN = "-----BEGIN PRIVATE KEY-----"
PACKED = b64encode(gzip.compress(b"a" * 2000, mtime=0)).decode()
S = "Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4"
SHAPES = {
    "sas": (f"https://x.blob/c/a.sh?sv=2024&sig={S}%3D&se=1", "https://x.blob/c/a.sh?sv=2024&sig=***&se=1"),
    "connection string": (f"Name=x;AccountKey={S}==;EndpointSuffix=y", "Name=x;AccountKey=***;EndpointSuffix=y"),
    "service bus": (f"SharedAccessKeyName=n;SharedAccessKey={S}=", "SharedAccessKeyName=n;SharedAccessKey=***"),
    "bearer": (f"curl -H 'Authorization: Bearer {S}' x", "curl -H 'Authorization: Bearer ***' x"),
    "basic": (f"Authorization: Basic {S}==", "Authorization: Basic ***"),
    "jwt": (f"got eyJhbGciOiJI.eyJzdWIiOiIx{S}.{S} back", "got *** back"),
    "password": (f"export DB_PASSWORD={S}; run", "export DB_PASSWORD=***; run"),
    "quoted": (f'password = "{S} with spaces" next', "password = *** next"),
    "yaml": (f"api_key: {S}", "api_key: ***"),
    "json": (f'{{"clientSecret": "{S}"}}', '{"clientSecret": ***}'),
    "json in json": (f'{{\\"clientSecret\\": \\"{S}\\"}}', '{\\"clientSecret\\": ***}'),
    "quotes in quotes": (f'password = "a\\"{S}" next', "password = *** next"),
    "cut off": (f'password = "{S}', "password = ***"),
    "python": (f"'password = \\'{S} x\\' next'", "'password = *** next'"),
    "ampersand of JSON": (f"https://x/a?sv=1\\u0026sig={S}%3D", "https://x/a?sv=1\\u0026sig=***"),
    "address in an address": (f"u=https%3A%2F%2Fx%3Fsv%3D1%26sig%3D{S}%253D", "u=https%3A%2F%2Fx%3Fsv%3D1%26sig%3D***"),
    "flag": (f"tool --db-password {S} --verbose", "tool --db-password *** --verbose"),
    "gitlab": (f"https://git/x?private_token={S}", "https://git/x?private_token=***"),
    "glpat": (f"glpat-{S[:24]} used", "*** used"),
    "github": (f"ghp_{S}{S[:4]} used", "*** used"),
    "slack": ("xoxb-1234567890-abc used", "*** used"),
    "entra": ("abc8Q~" + "d" * 34 + " used", "*** used"),
    "userinfo": (f"https://bob:{S}@host/x", "https://bob:***@host/x"),
    "function key": (f"https://f.azurewebsites.net/api/x?code={S}==", "https://f.azurewebsites.net/api/x?code=***"),
    "webhook of slack": (f"to https://hooks.slack.com/services/T0/B0/{S} now", "to https://hooks.slack.com/*** now"),
    "webhook of teams": (f"https://a.webhook.office.com/webhookb2/0@1/IncomingWebhook/{S}/3",
                         "https://a.webhook.office.com/webhookb2/***"),
    "webhook of discord": (f'"https://discord.com/api/webhooks/12/{S}"', '"https://discord.com/api/webhooks/***"'),
    "s3": (f"https://s3/x?X-Amz-Signature={S}", "https://s3/x?X-Amz-Signature=***"),
    "capitals": (f"https://x/a?SV=1&SIG={S}", "https://x/a?SV=1&SIG=***"),
    "encoded twice": (f"u=https%253A%252F%252Fx%253Fsig%253D{S}", "u=https%253A%252F%252Fx%253Fsig%253D***"),
    "github fine-grained": (f"github_pat_11{S} used", "*** used"),
    "gitlab runner": (f"glrt-{S[:20]} used", "*** used"),
    "cosmos": (f'{{"primaryMasterKey": "{S}1=="}}', '{"primaryMasterKey": ***}'),
    "key of a storage account": (f"key1  Full  {'Zm9v' * 21}Zg==", "key1  Full  ***"),
    "redis": (f"redis://:{S}@cache:6380/0", "redis://:***@cache:6380/0"),
    "slash in userinfo": (f"postgres://u:a/{S}@db/x", "postgres://u:***@db/x"),
    "parameter of powershell": (f"New-Login -AdminPassword '{S} x' -Force", "New-Login -AdminPassword *** -Force"),
    "secure string": (f'ConvertTo-SecureString "{S}" -AsPlainText', "ConvertTo-SecureString *** -AsPlainText"),
    "here-string": (f'$password = @"\n{S}\n"@\nnext', "$password = ***\nnext"),
    "block of yaml": (f"password: |\n  {S}\n  {S}\nnext: a", "password: ***\n***\nnext: a"),
    "quote in yaml": (f"password: 'it''s {S}' # x", "password: *** # x"),
    "variable of kubernetes": (f"- name: DB_PASSWORD\n  value: {S}\n", "- name: DB_PASSWORD\n  value: ***\n"),
    "pair": (f'{{"name": "DB_PASSWORD", "value": "{S}"}}', '{"name": "DB_PASSWORD", "value": ***}'),
    "list": (f'"passwords": ["{S}"], "x"', '"passwords": ***, "x"'),
    "element": (f"<AdminPassword><Value>{S}</Value></AdminPassword>",
                "<AdminPassword><Value>***</Value></AdminPassword>"),
    "attribute": (f'<add key="DbPassword" value="{S}"/>', '<add key="DbPassword" value=***/>'),
    "sql": (f"ALTER LOGIN sa WITH PASSWORD = N'{S}', X = 1", "ALTER LOGIN sa WITH PASSWORD = ***, X = 1"),
    "special characters": (f"password=a&b;c,d<e{S} next", "password=*** next"),
    "delimiters": (f"Password={S};Server=y&x=1", "Password=***;Server=y&x=1"),
    "arrow": (f"'password' => '{S}', 'x'", "'password' => ***, 'x'"),
    "mysql": (f"mysql -uroot -p{S} -h db", "mysql -uroot -p*** -h db"),
    "login": (f"docker login -u ci -p {S} registry", "docker login -u ci -p *** registry"),
    "curl": (f"curl -u bob:{S} https://x", "curl -u bob:*** https://x"),
    "sudo": (f"echo '{S}' | sudo -S reboot", "echo '***' | sudo -S reboot"),
    "another scheme": (f"Authorization: ApiKey {S}1", "Authorization: ApiKey ***"),
    "header with a key": (f"x-functions-key: {S}", "x-functions-key: ***"),
    "cookie": (f"Set-Cookie: session={S}; Path=/ next", "Set-Cookie: session=*** next"),
    "encrypted jwt": (f"got eyJhbGciOiJI..{S}.{S}.{S} back", "got *** back"),
    "entra at the end of a sentence": ("It is abc8Q~" + "d" * 34 + ".", "It is ***"),
    "coloured": (f"password=\x1b[31m{S}", "password=***"),
    "hash": (f"root:$6$salt${S}:19000", "root:***:19000"),
    "encrypted key": (f"{BEGIN}\nProc-Type: 4,ENCRYPTED\n\n{S}{S}\n{S}\n", f"{BEGIN}***\n"),
    "key after a log's words": (f"a: {BEGIN}\na: {S}{S}\na: {S}{S}\nb", f"a: {BEGIN}***\nb"),
    "private key": (f"{BEGIN}\n{S}\n{S}\n-----END PRIVATE KEY-----", f"{BEGIN}***-----END PRIVATE KEY-----"),
}  # fmt: skip
SIMPLE = (
    f"Authorization: Basic {S}",
    f'{{"client_secret": "{S}"}}',
    f"AZURE_CLIENT_SECRET={S}",
    f"DB_PASSWORD: {S}",
    f"--password={S}",
    f"refresh_token={S}",
    f"api_key={S} and more",
)
HARMLESS = (
    "primary_key = id; cache-key: node-linux",
    "ssh_private_key: /etc/ssl/private/server.pem",
    "passed: 12 failed: 3 bypass=true compass=north",
    "docker run -p 8080:80 image; curl -u https://x",
    "integrity sha512-" + "Zm9v" * 21 + "Zg==",
    "/subscriptions/00000000-1111-2222-3333-444455556666/resourceGroups/rg/providers/Microsoft.Compute",
    "http://127.0.0.1:8080/npm/@scope/package and https://host.example.com:443/x@y",
    "GET /subscriptions/s1/resourceGroups/rg/providers/Microsoft.Compute status=200 ms=34 request_id=ab-12",
    "signed in with Azure CLI",
    "design=new signal=9 tokens: two",
    "the secret is missing",
    "the secret of a good rollout is patience",
    "https://files.example.com/custom_application_v2.5.0.sh",
    "exit code 1: token ring not found",
    "keyVault reference https://kv.vault.azure.net/secrets/name",
    "a password is wanted",
    "https://docs.example.com/webhooks and https://hooks.example.com",
    "Basic setup done",
    '{"protected": {"storageAccountKey": {"source": "env", "where": "WEB_KEY"}}}',
    "12:00:00 key to paint 8 ms",
)


@pytest.mark.parametrize("shape", SHAPES)
def test_a_secret_is_hidden_and_what_is_around_it_stays(shape: str) -> None:
    text, shown = SHAPES[shape]
    assert redacted(text) == shown
    assert S[:20] not in redacted(f"before {text} after")
    assert redacted(shown) == shown


@pytest.mark.parametrize("text", SIMPLE)
def test_a_value_is_hidden_under_each_of_its_names(text: str) -> None:
    shown = redacted(text)
    assert S not in shown and HIDDEN in shown and redacted(shown) == shown


@pytest.mark.parametrize("text", HARMLESS)
def test_other_text_is_left_alone(text: str) -> None:
    assert redacted(text) == text


@pytest.mark.parametrize("quote", ["", "'", '"', "\\'"])
def test_the_name_on_the_next_line_of_a_text_in_quotes_is_seen(quote: str) -> None:
    shown = redacted(f'raise Error(\'password = {quote}{S}{quote}\\napi_key: {S}\\n{{"clientSecret": "{S}"}}\')')
    assert S not in shown and "api_key" in shown and "clientSecret" in shown


@pytest.mark.parametrize("token", [f"glpat-{S[:20]}", f"ghp_{S}", f"npm_{S}", f"eyJ{S}.{S}.{S}"])
def test_a_token_behind_an_escaped_line_end_is_hidden(token: str) -> None:
    assert redacted(f"raise Error('a\\n{token}\\nb')") == "raise Error('a\\n***\\nb')"


CUT = (
    (f"{S}%3D&se=2030&sp=r", "***&se=2030&sp=r"),
    (f"{S}==;EndpointSuffix=x", "***;EndpointSuffix=x"),
    (f"ntKey={S}==;EndpointSuffix=x", "ntKey=***;EndpointSuffix=x"),
    (f"sword={S} x", "sword=*** x"),
    (f"cret: '{S}", "cret: ***"),
)


@pytest.mark.parametrize(("text", "shown"), CUT)
def test_what_is_left_of_a_secret_at_the_begin_of_a_cut_text(text: str, shown: str) -> None:
    assert redacted(text) == redacted(shown) == shown


ENCODED = (
    f"curl 'https://x/a?sv=1&sig={S}'",
    f"#!/bin/sh\nset -e\nexport DB_PASSWORD='{S}'\n./deploy.sh\n",
    f"{BEGIN}\n{S}\n",
)


@pytest.mark.parametrize("text", ENCODED)
def test_a_secret_in_base64_is_hidden(text: str) -> None:
    for encoded in (b64encode(text.encode()), b64encode(text.encode("utf-16-le"))):
        run = encoded.decode()
        assert redacted(f"powershell -EncodedCommand {run} -x") == "powershell -EncodedCommand *** -x"
        assert redacted(f"{run[3:]} and more") == "*** and more", "the begin was cut off"
    wrapped = encodebytes((text + "padding " * 20).encode()).decode()
    assert redacted(wrapped).strip() == HIDDEN


@pytest.mark.parametrize("text", ENCODED)
def test_a_secret_in_layers_of_base64_and_gzip_is_hidden(text: str) -> None:
    """An inline script of the extension is base64, maybe of gzip, and may write a file that it encodes itself."""
    packed = gzip.compress(text.encode())
    within = f"echo {b64encode(packed).decode()} | base64 -d | gunzip > /etc/app\n"
    for encoded in (b64encode(b64encode(text.encode())), b64encode(packed), b64encode(b64encode(packed)),
                    b64encode(within.encode()), b64encode(gzip.compress(within.encode()))):  # fmt: skip
        assert redacted(f'"script": "{encoded.decode()}"') == '"script": "***"'
    long = b64encode(gzip.compress((text + " ".join(map(str, range(500)))).encode())).decode()
    assert redacted(long[:400]) == HIDDEN, "the end was cut off"


def test_what_is_too_large_to_be_unpacked_is_hidden() -> None:
    assert redacted(b64encode(gzip.compress(b"a" * 1_000_000)).decode()) == HIDDEN


def test_base64_without_a_secret_is_left_alone() -> None:
    script = gzip.compress(b"#!/bin/sh\napt-get install -y nginx\nsystemctl enable --now nginx\n" * 3)
    for run in (
        b64encode(script).decode(),
        b64encode(b64encode(b"#!/bin/sh\necho hello, this is a script\n")).decode(),
    ):
        assert redacted(run) == run
    damaged = b64encode(b"\x1f\x8b\x08" + b"password=hunter2hunter2hunter2").decode()
    assert redacted(damaged) == damaged, "no instance can unpack it either"
    for text in ("#!/bin/sh\necho hello, this is a script\n", 'tool --password "$PASSWORD"; TOKEN=$(get)', "\0\1" * 40):
        run = b64encode(text.encode()).decode()
        assert redacted(run) == run


def test_pairs_and_lists_in_data() -> None:
    value = {"env": [{"name": "DB_PASSWORD", "value": "x"}, {"name": "PORT", "value": "80"}], "tokens": ["a", "b"]}
    assert redacted_value(value) == {
        "env": [{"name": "DB_PASSWORD", "value": HIDDEN}, {"name": "PORT", "value": "80"}],
        "tokens": [HIDDEN, HIDDEN],
    }


def test_data_keeps_its_shape() -> None:
    value = {
        "command": f"run --password {S}",
        "clientSecret": S,
        "connectionString": S,
        "protected": {"storageAccountKey": {"source": "env"}},
        "uris": [f"https://x/a?sig={S}", 3, None],
        "secret": None,
    }
    shown = redacted_value(value)
    assert S not in json.dumps(shown)
    assert shown["protected"] == value["protected"] and shown["secret"] is None
    assert shown["uris"] == [f"https://x/a?sig={HIDDEN}", 3, None] and shown["clientSecret"] == HIDDEN


@pytest.mark.parametrize("line_end", ["\n", "\\n", " ", "\r\n"])
@pytest.mark.parametrize("first", ["MIIEabc", S * 2, ""])
def test_the_end_of_a_key_whose_beginning_was_cut_off(first: str, line_end: str) -> None:
    end = "-----END RSA PRIVATE KEY-----"
    shown = redacted(line_end.join((first, S * 2, S * 2, "QQ==", end, "after")))
    assert S not in shown and "QQ==" not in shown and "MIIE" not in shown and end in shown and "after" in shown
    kept = redacted(f"installing; done.{line_end}{line_end.join((S * 2, 'QQ==', end))}")
    assert kept.startswith("installing; done.") and S not in kept


def test_patterns_of_ones_own() -> None:
    hide_also([r"ACME-\d+-\w+"])
    try:
        assert redacted("ticket ACME-1234-XYZ") == "ticket ***"
    finally:
        hide_also([])


def test_a_configured_pattern_is_looked_for_in_base64_too() -> None:
    hide_also([r"CORP-[0-9]{6}"])
    try:
        assert redacted(b64encode(b"#!/bin/sh\nregister CORP-123456 --now\n").decode()) == HIDDEN
    finally:
        hide_also([])


def test_a_configured_pattern_hides_a_short_text_too() -> None:
    assert plain("PIN-1234") == "PIN-1234"
    hide_also(["PIN-[0-9]+"])
    try:
        assert plain("PIN-1234") == redacted("PIN-1234") == HIDDEN
        assert plain("at PIN-1234, then") == "at ***, then"
    finally:
        hide_also([])


@pytest.mark.parametrize("shape", SHAPES)
def test_what_was_hidden_is_not_hidden_again_with_what_follows(shape: str) -> None:
    once = redacted(SHAPES[shape][0])
    for around in ("({})", "it said {}.", "{}: no", "{}…"):
        assert redacted(around.format(once)) == around.format(once)


def test_a_key_in_several_lines_is_hidden_though_each_is_cleaned_alone(capsys: pytest.CaptureFixture[str]) -> None:
    output.lines(["before", BEGIN, S, S, "-----END PRIVATE KEY-----", "Basic", "after-the-key"])
    output.lines([f"{S}{S}", "-----END PRIVATE KEY-----"])
    output.lines([])
    said = capsys.readouterr().out
    assert S not in said
    assert said.startswith("before\n") and "\nBasic\nafter-the-key\n" in said


def test_a_value_that_begins_like_a_hidden_one_is_hidden() -> None:
    assert redacted("password=***hunter2") == redacted("password=***-hunter2") == "password=***"


@given(st.text(alphabet="passwordsecretkeysig=:&?;-_ \"'/@eyJ.Q~8\n", max_size=400))
def test_nothing_breaks_it_and_twice_is_once(text: str) -> None:
    assert redacted(redacted(text)) == redacted(text) or HIDDEN in redacted(text)


@pytest.mark.parametrize(
    "piece",
    ["-eyJ", "eyJaaaaaaaa-", "password: |\n ", "password=@\"\n", "password={ ", "echo '",
     "a: -----BEGIN PRIVATE KEY-----",
     "Zm9vYmFyCg", PACKED, f"{PACKED} ", "Zm9v\n" * 16, "<password>", "mysql ", "$6$", "://a:b", "password=a,",
     "password", "password=", "--a-password ", "?sig=", "eyJaaaaaaaa.", "://a:", "AccountKey=", "Bearer ",
     "password=\"", "password='", 'password=\\"', "password=\\'", 'password="\\', "%26sig%3d", "\\u0026sig=",
     "-----BEGIN PRIVATE KEY-----", "a8Q~", "secret   ", "-", "a", "'", '"'],
)  # fmt: skip
def test_a_megabyte_of_anything_is_linear(piece: str) -> None:
    assert redacted(piece * (1_000_000 // len(piece)))
