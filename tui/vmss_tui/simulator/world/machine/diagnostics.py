"""What a command prints where no script is really run: made up by the words in it, from the state of the instance."""

from vmss_tui.simulator.world.state.chance import draw
from vmss_tui.simulator.world.state.extension import InstalledExtension
from vmss_tui.simulator.world.state.model import Instance, ScaleSet
from vmss_tui.simulator.world.state.timeline import ScriptResult

_DISK = """\
Filesystem      Size  Used Avail Use% Mounted on
/dev/root        29G  {used:.1f}G  {free:.1f}G  {percent}% /
tmpfs           3.9G     0  3.9G   0% /dev/shm
/dev/sda15      105M  6.1M   99M   6% /boot/efi
/dev/sdb1        16G   28K   15G   1% /mnt
"""
_MEMORY = """\
               total        used        free      shared  buff/cache   available
Mem:            7941        {used}        {free}           1        1204        {free}
Swap:              0           0           0
== processes by memory
    PID USER       RSS %CPU     ELAPSED COMMAND
   1377 app     612344  3.1    03:11:07 /usr/local/bin/application --port 80
    861 root     41208  0.2    03:12:44 python3 -u /usr/sbin/waagent -daemon
      1 root     11890  0.0    03:12:51 /sbin/init
"""
_SERVICES = """\
== failed
{failed}
== running
application.service  loaded active running The application
ssh.service          loaded active running OpenBSD Secure Shell server
walinuxagent.service loaded active running Azure Linux Agent
"""
_WINDOWS_DISK = """\
DriveLetter FileSystemLabel    SizeRemaining         Size HealthStatus
----------- ---------------    -------------         ---- ------------
C           Windows             94489280512 135838822400 Healthy
D           Temporary Storage   15032385536  17178820608 Healthy
"""
_NOTHING = 'The simulator ran nothing: its scenario has execution = "simulate".\n'


def made_up(scale_set: ScaleSet, instance: Instance, script: str) -> ScriptResult:
    """The result of a command that shows the script's output, its handler's log, disk, memory or services."""
    installed = next((known for known in instance.extensions.values() if known.spec.is_script), None)
    if "custom-script/download" in script or ".status" in script:
        return ScriptResult(stdout=_streams(installed))
    if "handler.log" in script or "Logs\\Plugins" in script:
        return ScriptResult(stdout=_handler_log(installed))
    share = draw((0.2, 0.7), scale_set.key, instance.id, "disk")
    if "Get-Volume" in script:
        return ScriptResult(stdout=_WINDOWS_DISK)
    if "df -h" in script:
        values = {"used": 29 * share, "free": 29 * (1 - share), "percent": round(100 * share)}
        return ScriptResult(stdout=_DISK.format(**values))
    if "free -m" in script or "Win32_OperatingSystem" in script:
        used = round(6700 * share)
        return ScriptResult(stdout=_MEMORY.format(used=used, free=6700 - used))
    if "systemctl" in script or "Get-Service" in script:
        failed = "" if installed is None or installed.result is None or not installed.result.failed else _FAILED
        return ScriptResult(stdout=_SERVICES.format(failed=failed or "0 loaded units listed."))
    return ScriptResult(stdout=_NOTHING)


_FAILED = "application.service  loaded failed failed The application"


def _streams(installed: InstalledExtension | None) -> str:
    if installed is None or installed.result is None:
        return "no run of the Custom Script handler\nexit status 1\n"
    folder = f"/var/lib/waagent/custom-script/download/{installed.sequence}"
    return f"== {folder}/stdout\n{installed.result.stdout}\n== {folder}/stderr\n{installed.result.stderr}\n"


def _handler_log(installed: InstalledExtension | None) -> str:
    if installed is None:
        return ""
    started = installed.started.isoformat() if installed.started else "-"
    lines = [
        f"time={started} version=v{installed.version} operation=enable seq={installed.sequence} event=start",
        f'time={started} operation=enable event="configuration loaded"',
        f'time={started} operation=enable event="executing command" output=/var/lib/waagent/custom-script/download/'
        f"{installed.sequence}",
    ]
    if installed.result is not None:
        word = "failed to execute command" if installed.result.failed else "executed command"
        code = installed.result.exit_code
        lines.append(f'time={started} operation=enable event="{word}" exitcode={code}')
    return "\n".join(lines) + "\n"
