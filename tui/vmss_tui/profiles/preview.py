"""What an instance will do with a configuration: the downloads, the folder, the command. Pure.

Sources: custom-script-extension-linux `main/cmds.go` and `main/files.go`; "Custom Script Extension for Windows".
"""

from dataclasses import dataclass

from vmss_tui.domain.fleet.script import HandlerOs, ScriptConfig
from vmss_tui.profiles.format.inline_script import decode
from vmss_tui.profiles.lint.handler_rules import file_name

_FOLDER = {
    HandlerOs.LINUX: "/var/lib/waagent/custom-script/download/N",
    HandlerOs.WINDOWS: r"C:\Packages\Plugins\Microsoft.Compute.CustomScriptExtension\1.x\Downloads\N",
}
_USER = {HandlerOs.LINUX: "root", HandlerOs.WINDOWS: "LocalSystem"}


@dataclass(frozen=True, slots=True)
class Step:
    """One thing the instance does: a verb (`folder`, `download`, `convert`, `script`, `run`) and its object."""

    verb: str
    text: str


def preview(script: ScriptConfig) -> tuple[Step, ...]:
    """Every step in its order, as the handler takes it; protected settings are named and not shown."""
    os = script.handler.os
    steps = [Step("folder", f"{_FOLDER[os]} as {_USER[os]}")]
    steps += [Step("download", f"{uri} → {file_name(uri)}") for uri in script.file_uris]
    if "fileUris" in script.protected:
        steps.append(Step("download", "files whose addresses are protected"))
    files = bool(script.file_uris) or "fileUris" in script.protected
    if os is HandlerOs.LINUX and (files or _inline(script)) and script.settings.get("skipDos2Unix") is not True:
        steps.append(Step("convert", "CRLF line ends and a byte order mark are removed from text files"))
    return (*steps, *_runs(script))


def _inline(script: ScriptConfig) -> str:
    value = script.settings.get("script")
    return value if isinstance(value, str) else ""


def _runs(script: ScriptConfig) -> tuple[Step, ...]:
    shell = "cmd /c " if script.handler.os is HandlerOs.WINDOWS else "/bin/sh -c "
    if script.command:
        return (Step("run", shell + script.command),)
    if _inline(script):
        return (Step("script", _described(_inline(script))), Step("run", f"{shell}./script.sh"))
    hidden = next((name for name in ("commandToExecute", "script") if name in script.protected), "")
    if hidden or "*" in script.protected or not script.protected_known:
        return (Step("run", "a command that is hidden in the protected settings"),)
    return (Step("run", "nothing: there is no command"),)


def _described(value: str) -> str:
    try:
        text = decode(value)
    except ValueError as problem:
        return f"script.sh cannot be read: {problem}"
    lines = text.count("\n") + (not text.endswith("\n"))
    first = text.split("\n", 1)[0].strip()
    return f"script.sh, {lines} lines, {first if first.startswith('#!') else 'run by /bin/sh'}"
