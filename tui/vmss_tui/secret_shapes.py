"""The shapes of secrets as one table: words that the text must hold, and the expression that finds the secret. Pure.

Group 1 is the text before a secret that is kept, group 2 the text behind it. The words are looked for first, so that
most expressions are never compiled: they are many, and a command is short. Every expression is linear in the length of
the text: it is bounded, begins at the begin of a word only, or consumes all that it has read.

Sources: "Grant limited access to data with shared access signatures", "Configure connection strings", "Credential scan"
(SEC101, keys of Azure that can be identified by their middle), the token formats that GitHub and GitLab document.
"""

import re
from functools import cached_property

HIDDEN = "***"

_PASSWORD = (
    r"pass(?:word|wd|phrase|code)|pwd|(?<=_)pass|(?-i:(?<=[a-z])Pass)|(?:db|root|admin|smtp|ldap|ftp|pg|mysql)pass"
)
_TOKEN = (
    r"(?<![a-z])token|(?:auth|access|refresh|id|bearer|sas|my|api|bot|user|session|deploy|git|github|gitlab|vault|"
    r"registry|personal|security|service|client)token"
)
_NAME = (
    rf"(?:{_PASSWORD}|secret(?:[-_]?(?:key|value|text|string))?|client_assertion|{_TOKEN}"
    r"|(?:api|access|account|master|functions?|subscription|sas)[-_]?key)"
)
_WEAK_NAME = (
    r"(?:(?:primary|secondary|storage|cosmos|private|encryption|signing|session|shared|webhook|license|deploy)[-_]?key"
    r"|key[-_]?data|(?<![a-z])(?:pat|sig)|credentials?|creds|x-(?:[a-z]{1,20}-){0,3}(?:auth|key))"
)
"""A name that says so only where a long value follows: `primary_key = id` is a table's."""
LONG_VALUE = r"(?=[^\s\"'\\]{0,80}\d)(?![/~.$])[A-Za-z0-9+/=_.~%-]{16,}"
"""A word that may be a key: long, with a digit, not a path."""
_NOT_DONE = r"(?!\*{3}[).…:,;]{0,8}(?:[\s\\\"']|\Z))"
"""Already hidden text stays as it is: the end of a sentence behind it is not part of the value."""
_QUOTE = r"\\{0,8}[\"']"
"""A quote, also one that JSON, TOML or Python escaped because the text is a value of theirs."""
_ASSIGNS = rf"(?:{_QUOTE})?\s{{0,16}}(?::=|=>|=(?!>)|:(?!=))\s{{0,16}}"
_DELIMITER = (
    r"(?:[,;&](?=[\s\"'\\)\]}]|\Z|[\w.-]{1,60}\s?[=:])"
    r"|\\{1,8}[nrt](?=[\s\"'\\{\[-]|\Z|[\w.-]{1,60}(?:\\{0,8}[\"'])?\s?[=:]))"
)
"""The end of a value; before any other character these are part of a password."""
_BARE = rf"(?:(?!{_DELIMITER})[^\s\"'<>{{}}\[\]]|[\"'<>{{}}\[\]](?=\w))"
_FIRST = rf"(?:(?!{_DELIMITER})[^\s\"'<>{{}}\[\]]|[{{\[](?=\w))"
"""`<password>` is a placeholder."""
_QUOTED = (
    r"(?:\\{1,8}\"[^\"\n]*(?:\"|\Z)|\\{1,8}'[^'\n]*(?:'|\Z)|\"(?:[^\"\\\n]|\\.)*(?:\"|\\?\Z)"
    r"|'(?:[^'\\\n]|'(?:\\'')?'|\\.)*(?:'|\\?\Z))"
)
"""Also with the quotes in it as YAML and a shell write them, and one whose end was cut off."""
_VALUE = (
    rf"(?:@[\"']\s*\n[\s\S]*?(?:\n[\"']@|\Z)|(?:[\w.$@]{{1,40}}\()?(?:[bfnru]{{1,2}}|[$@])?{_QUOTED}(?:(?!\)|\\{{1,8}}[nrt]){_BARE}+)?"
    rf"|{_NOT_DONE}(?:\x1b\[[\d;]{{0,16}}m)?(?:{_QUOTE})?{_FIRST}{_BARE}*)"
)
"""A text of PowerShell in several lines, a quoted one, or up to the next space; the end may be cut off."""
_AND = r"(?:(?:[?&;^]|%(?:25){0,3}(?:3f|26)|\\{1,8}(?:u00|x)26|&#(?:38|x26);)(?:amp;)?)"
"""The separator before a parameter of an address, also as JSON, HTML, a shell or another address escapes it."""
_IS = r"(?:=|%(?:25){0,3}3d)"
_SCHEMED = r"(://[^\s/:@\"']{0,256}:(?!\d{1,5}(?:[/?#\s\"']|\Z)))"
"""The begin of an address with a user; a number is a port."""


class Shape:
    """One shape of a secret; `needs` are words of which the text, in lower case, has one."""

    def __init__(self, needs: tuple[str, ...], expression: str, *, exact: bool = False) -> None:
        """With `exact`, upper and lower case differ."""
        self.needs = frozenset(needs)
        self.expression = expression
        self._flags = re.NOFLAG if exact else re.IGNORECASE

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """The compiled expression, with groups 1 and 2."""
        return re.compile(self.expression, self._flags)


_NAMED = (
    "pass", "pwd", "secret", "token", "apikey", "api_key", "api-key", "accesskey", "access_key", "access-key",
    "accountkey", "account_key", "account-key", "masterkey", "master_key", "master-key", "functionkey", "functionskey",
    "function-key", "functions-key", "function_key", "subscription-key", "subscriptionkey", "subscription_key",
    "sas", "client_assertion",
)  # fmt: skip
_WEAKLY_NAMED = ("key", "pat=", "pat:", 'pat"', "pat'", "sig", "cred", "x-")

BLOCKS = (
    # password: |                  of YAML, and the deeper lines below it
    Shape(
        _NAMED,
        rf"({_NAME}(?:{_QUOTE})?[ \t]{{0,8}}:[ \t]{{0,8}}[|>][-+\d]{{0,2}}[ \t]*\r?\n)()"
        r"([ \t]{1,80})[^\n]+(?:\n\3[^\n]*)*",
    ),
    # the same where its lines are divided by an escape, as in a traceback
    Shape(
        _NAMED,
        rf"({_NAME}(?:{_QUOTE})?[ ]{{0,8}}:[ ]{{0,8}}[|>][-+\d]{{0,2}}\\{{1,8}}n)()"
        r"[ ]{1,80}(?:(?!\\{1,8}n)[^\n])+(?:\\{1,8}n[ ]{1,80}(?:(?!\\{1,8}n)[^\n])+)*",
    ),
    # - name: DB_PASSWORD, and its value on the next line
    Shape(
        ("value:",),
        rf"(\bname:\s{{0,4}}[\"']?[\w.-]{{0,80}}?{_NAME}[\"']?\s{{0,4}}\n\s{{0,40}}value:\s{{0,4}}){_VALUE}()",
    ),
    # a private key of PuTTY
    Shape(("private-lines",), r"(Private-Lines:\s{1,4}\d{1,4})(?:\s{1,4}[a-z0-9+/=]{8,72})+()"),
)
"""Secrets of several lines, but for private keys in the form of PEM."""

SHAPES = (
    # ?sig=..., &private_token=..., also of an address whose other parts are wanted
    Shape(
        ("sig", "token", "key=", "key%", "code=", "code%", "credential"),
        rf"({_AND}(?:sig|signature|x-amz-signature|x-amz-credential|token|access_token|private_token|api_?key|code"
        rf"|subscription-key){_IS}){_NOT_DONE}[^&\s\"'<>#;|\\^]+()",
    ),
    Shape(("key", "auth"), rf"({_AND}(?:key|auth){_IS}){LONG_VALUE}()"),
    Shape(("sig",), rf"((?<![\w-])sig{_IS})[a-z0-9%+/=_-]{{16,}}()"),
    # the rest of a secret at the begin of a text that Azure has cut, as it does with the output of scripts
    Shape(("&s",), r"(\A)[a-z0-9%+/=_-]{8,100}(?=&(?:s[eprtv]|spr|skoid|sktid|sig)=)()"),
    Shape(
        ("endpoint", "entitypath", ";sharedaccess"),
        r"(\A)[a-z0-9+/]{8,88}={0,2}(?=;(?:EndpointSuffix|\w{1,12}Endpoint|EntityPath|SharedAccess))()",
    ),
    Shape(("word", "cret", "oken"), rf"(\A(?:a?s?sword|word|e?cret|oken){_ASSIGNS}){_VALUE}()"),
    Shape(("key",), rf"(\A[a-z]{{0,12}}key=){LONG_VALUE}()"),
    # AccountKey=...;, SharedAccessKey=...; of connection strings
    Shape(
        ("key", "value", "signature"),
        r"\b((?:Account|SharedAccess|SharedSecret|Primary|Secondary)(?:Key|Value|Signature)\s?=\s?)"
        rf"{_NOT_DONE}[^;\s\"'&]+()",
    ),
    # Authorization: Bearer ..., Basic ..., and of other schemes; cookies
    Shape(
        ("bearer", "basic", "sharedaccesssignature"),
        r"\b((?:Bearer|Basic|SharedAccessSignature)\s)\s{0,16}[a-z0-9._~+/=%&-]{8,}()",
    ),
    Shape(
        ("authorization",),
        rf"(\bAuthorization{_ASSIGNS}(?:{_QUOTE})?(?:[a-z-]{{1,30}}[ \t]{{1,3}})?)(?!Microsoft\.){LONG_VALUE}()",
    ),
    Shape(
        ("cookie:",),
        r"(\b(?:Set-)?Cookie:\s{0,4}[\w.-]{1,80}=)(?!\*{3})[^\s;\"']+(?:; ?[\w.-]{1,80}(?:=[^\s;\"']+)?)*()",
    ),
    # JWTs, signed or encrypted
    Shape(
        ("eyj",),
        r"(?:(?<![\w-])|(?<=\\[nrt]))((?:[\w-]{0,60}[_-])?)eyJ[\w-]{8,}\.(?:[\w-]{8,}|(?=\.))(?:\.{1,2}[\w-]+)*()",
        exact=True,
    ),
    # tokens of common services, client secrets of Entra ID, keys of Azure
    Shape(
        ("ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "gl", "gr1348941"),
        r"(?:(?<![A-Za-z0-9])|(?<=\\[nrt]))()(?:gh[pousr]_[A-Za-z0-9]{20,255}|github_pat_\w{20,255}|GR1348941[\w-]{20}"
        r"|gl(?:pat|dt|rt|cbt|ptt|ft|soat|agent|imt|oas|ffct)-[\w-]{16,255}(?:\.[\w-]{1,64}){0,3})()",
        exact=True,
    ),
    Shape(
        (
            "xox",
            "xapp-",
            "npm_",
            "pypi-",
            "k_live_",
            "k_test_",
            "sg.",
            "sk-",
            "hv",
            "aiza",
            "dckr_pat_",
            "dapi",
            "ya29.",
        ),
        r"(?:(?<![A-Za-z0-9])|(?<=\\[nrt]))()(?:xox[abeprs]-[\w-]{10,255}|xapp-[\w-]{10,255}|npm_[A-Za-z0-9]{30,255}|pypi-[\w-]{40,255}"
        r"|[rs]k_(?:live|test)_[A-Za-z0-9]{16,255}|SG\.[\w-]{16,64}\.[\w-]{16,64}|sk-(?:proj|ant|svcacct)-[\w-]{20,255}"
        r"|sk-[A-Za-z0-9]{40,255}|hv[bsr]\.[\w-]{20,255}|AIza[\w-]{30,64}|dckr_pat_[\w-]{20,64}|dapi[a-f0-9]{32}"
        r"|ya29\.[\w-]{20,255})()",
        exact=True,
    ),
    Shape(("q~",), r"()[\w~.-]{3}\dQ~[\w~.-]{30,64}()", exact=True),
    Shape(("==",), r"(?<![A-Za-z0-9+/=-])()[A-Za-z0-9+/]{86}==()", exact=True),
    Shape(
        (
            "+ast",
            "+asb",
            "+aeh",
            "+arm",
            "+aba",
            "+acr",
            "aiot",
            "azse",
            "azfu",
            "azca",
            "acdb",
            "apim",
            "azeg",
            "azdo",
        ),
        r"(?<![\w+/-])()[\w+/-]{33}(?:[\w+/-]{9}|[\w+/-]{43})?"
        r"(?:\+(?:ASt|ASb|AEh|ARm|ABa|ACR)|AIoT|Az(?:Se|Fu|Ca)|ACDb|APIM|AZEG|AZDO)[\w+/-]{4,9}={0,2}()",
        exact=True,
    ),
    # https://user:password@host, https://token@host
    Shape(("://",), rf"{_SCHEMED}[^\s/\"'<>]{{1,256}}(@)"),
    Shape(("://",), rf"{_SCHEMED}[^\s\"'<>@]{{1,256}}(@)"),
    Shape(("://",), r"(://)(?=[^\s@/:]{0,256}\d)[\w-]{30,256}(@)"),
    # addresses of incoming webhooks, whose path is their password: Slack, Teams, Discord and their like
    Shape(
        ("hook",),
        r"(https?://(?:hooks\.[\w.-]{1,120}/|[\w.-]{1,120}/(?:[\w.-]{1,40}/){0,3}(?:webhooks?|webhookb2)/))"
        rf"{_NOT_DONE}[^\s\"'<>\\]+()",
    ),
    # {"name": "DB_PASSWORD", "value": "..."}, <add key="DbPassword" value="..."/>, <Password>...</Password>
    Shape(
        ("value",),
        rf"({_QUOTE}(?:name|key){_QUOTE}\s{{0,8}}:\s{{0,8}}{_QUOTE}[\w.:-]{{0,80}}?{_NAME}{_QUOTE}\s{{0,8}},\s{{0,40}}"
        rf"(?:{_QUOTE}\w{{1,40}}{_QUOTE}\s{{0,8}}:\s{{0,8}}\w{{1,20}},\s{{0,40}})?{_QUOTE}value{_QUOTE}\s{{0,8}}:\s{{0,8}}){_QUOTED}()",
    ),
    Shape(("value",), rf"(\b(?:name|key)={_QUOTE}[\w.:-]{{0,80}}?{_NAME}{_QUOTE}\s{{1,8}}value=){_QUOTED}()"),
    Shape(
        _NAMED,
        rf"(<[\w:.-]{{0,60}}?{_NAME}(?:\s[^<>]{{0,200}})?>\s{{0,40}}(?:<Value>\s{{0,40}})?)(?!\*{{3}})[^<>\s][^<>]*()",
    ),
    # password=..., "clientSecret": "...", passwords: [...], --api-key ..., -Password ...
    Shape(_NAMED, rf"({_NAME}s{_ASSIGNS})\[[^\]\n]*\]?()"),
    Shape(_NAMED, rf"({_NAME}{_ASSIGNS}){_VALUE}()"),
    Shape(_NAMED, rf"((?<![\w-])-{{1,2}}[a-z-]{{0,40}}{_NAME}\s{{1,8}})(?!-){_VALUE}()"),
    Shape(_WEAKLY_NAMED, rf"({_WEAK_NAME}{_ASSIGNS}(?:{_QUOTE})?){LONG_VALUE}()"),
    Shape(("auth",), rf"(\b_?auth{_QUOTE}\s{{0,8}}:\s{{0,8}}{_QUOTE})[a-z0-9+/=]{{8,}}()"),
    # commands and functions that take one: mysql -p..., docker login -p ..., curl -u user:..., net user name ...
    Shape(("mysql", "mariadb", "sshpass"), rf"(\b(?:mysql|mariadb|sshpass)[^\n|;&]{{0,160}}?\s-p)(?=\S){_VALUE}()"),
    Shape(
        ("sshpass", "login", "sqlcmd"),
        rf"(\b(?:sshpass|login|sqlcmd)\b[^\n|;&]{{0,160}}?\s-p\s{{1,4}})(?!\d{{1,5}}(?:\s|\Z)){_VALUE}()",
    ),
    Shape(
        (" -u", "--user", "--proxy-user"),
        rf"(\s(?:-u|--(?:proxy-)?user)[\s=]{{0,4}}[\"']?[^\s:\"']{{1,100}}:)(?!//){_VALUE}()",
    ),
    Shape(("user",), rf"(\bnet1?(?:\.exe)?\s{{1,4}}user\s{{1,4}}\S{{1,100}}\s{{1,4}})(?!/){_VALUE}()"),
    Shape(
        ("echo",),
        r"(\becho\s{1,4}(?:-\w{1,3}\s{1,4})?[\"']?(?:[\w.-]{1,64}:)?)[^\s\"'|]{1,256}"
        r"([\"']?\s{0,4}\|\s{0,4}(?:sudo\s{1,4})?(?:passwd|chpasswd|kinit|sudo\s{1,4}-S|\w{1,20}\s{1,4}(?:\w{1,20}\s{1,4})?login)\b)",
    ),
    Shape(
        ("securestring",),
        rf"(ConvertTo-SecureString(?:\s{{1,4}}-(?:String|AsPlainText|Force)){{0,3}}\s{{1,4}})(?!-){_VALUE}()",
    ),
    Shape(("credential",), rf"(PSCredential\b[^\n,]{{0,120}},\s{{0,4}})(?!\(){_QUOTED}()"),
    # PASSWORD '...' and IDENTIFIED BY '...' of SQL, password set to "...", and the lines of .netrc
    Shape(
        ("password", "identified"),
        rf"(\b(?:password(?:\s{{1,4}}(?:is|(?:was\s{{1,4}})?set\s{{1,4}}to))?|identified\s{{1,4}}by)\s{{1,4}})n?{_QUOTED}()",
    ),
    Shape(("login",), rf"(\blogin\s{{1,4}}\S{{1,100}}\s{{1,4}}password\s{{1,4}}){_NOT_DONE}\S+()"),
    # hashes of passwords
    Shape(
        ("$1$", "$5$", "$6$", "$7$", "$y$", "$2", "$gy$", "$apr1$", "$argon2"),
        r"()\$(?:[1567y]|2[abxy]|gy|apr1|argon2\w{0,2})\$[\w.,=/+$-]{20,}()",
    ),
)

NEEDED = tuple(sorted({need for shape in (*BLOCKS, *SHAPES) for need in shape.needs} | {"private key"}))
"""All words that a shape needs: most text has none of them and is left at once."""

SECRET_NAME = re.compile(rf"(?:{_NAME}|connection[-_]?string)s?$", re.IGNORECASE)
"""A key of data that says that its value is secret."""
WEAK_NAME = re.compile(rf"{_WEAK_NAME}$", re.IGNORECASE)
"""The same where the value is a long one."""
