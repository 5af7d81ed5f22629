"""Diagnostics: small scripts that show the state of one instance, run on it through Azure's Run Command. Pure data.

Where the handlers keep what a script printed: "Use the Azure Custom Script Extension Version 2 with Linux virtual
machines" (Troubleshooting), custom-script-extension-linux `main/main.go`, and "Custom Script Extension for Windows".
The handler for Windows keeps a script's output in its status file only, so that is what its diagnostic shows.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from vmss_tui.domain.fleet.ids import ScaleSetId
from vmss_tui.domain.fleet.script import HandlerOs


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnostic:
    """A named script for one or both systems; an empty text means that it does not exist there."""

    name: str
    help: str = ""
    linux: str = ""
    """For `/bin/sh`, as root."""
    windows: str = ""
    """For PowerShell, as Local System."""

    def script(self, os: HandlerOs | None) -> str:
        """Its text for a system; a set whose system is unknown counts as Linux."""
        return self.windows if os is HandlerOs.WINDOWS else self.linux


@dataclass(frozen=True, slots=True, kw_only=True)
class DiagnosticEntry:
    """One diagnostic that was run; `ended_at` is None while it runs, or when its end was not recorded."""

    id: int
    at: datetime
    who: str
    host: str
    target: ScaleSetId
    instance: str
    name: str
    script: str
    ended_at: datetime | None
    problem: str
    """Why there is no output; empty when there was."""


_SCRIPT_LINUX = """\
runs=/var/lib/waagent/custom-script/download
latest=$(ls -1td "$runs"/*/ 2>/dev/null | head -n 1)
[ -n "$latest" ] || { echo "no run of the Custom Script handler below $runs"; exit 1; }
for stream in stdout stderr; do
  echo "== $latest$stream"
  cat "$latest$stream"
done
"""
_HANDLER_LINUX = """\
for log in /var/log/azure/custom-script/handler.log /var/log/azure/Microsoft.Azure.Extensions.CustomScript/*.log; do
  [ -f "$log" ] || continue
  echo "== $log"
  cat "$log"
done
"""
_DISK_LINUX = """\
df -h
echo "== inodes"
df -i
"""
_MEMORY_LINUX = """\
free -m
echo "== processes by memory"
ps -eo pid,user,rss,pcpu,etime,args --sort=-rss | head -n 16
echo "== killed for lack of memory"
dmesg 2>/dev/null | grep -i 'out of memory' | tail -n 10
exit 0
"""
_SERVICES_LINUX = """\
echo "== failed"
systemctl list-units --state=failed --no-pager --plain
echo "== running"
systemctl list-units --type=service --state=running --no-pager --plain
echo "== latest errors"
journalctl -p err -n 40 --no-pager
"""
_PLUGIN = "Microsoft.Compute.CustomScriptExtension"
_SCRIPT_WINDOWS = f"""\
Get-ChildItem 'C:\\Packages\\Plugins\\{_PLUGIN}\\*\\Status\\*.status' | Sort-Object LastWriteTime |
  Select-Object -Last 1 | ForEach-Object {{ "== $($_.FullName)"; Get-Content $_.FullName -Raw }}
"""
_HANDLER_WINDOWS = f"""\
Get-ChildItem 'C:\\WindowsAzure\\Logs\\Plugins\\{_PLUGIN}\\*\\*.log' | Sort-Object LastWriteTime |
  ForEach-Object {{ "== $($_.FullName)"; Get-Content $_.FullName }}
"""
_DISK_WINDOWS = """\
Get-Volume | Sort-Object DriveLetter | Format-Table DriveLetter, FileSystemLabel, SizeRemaining, Size, HealthStatus
"""
_MEMORY_WINDOWS = """\
Get-CimInstance Win32_OperatingSystem | Format-List FreePhysicalMemory, TotalVisibleMemorySize, LastBootUpTime
"== processes by memory"
Get-Process | Sort-Object WorkingSet64 -Descending | Select-Object -First 15 |
  Format-Table Id, ProcessName, WorkingSet64, CPU
"""
_SERVICES_WINDOWS = """\
"== automatic services that do not run"
Get-Service | Where-Object { $_.StartType -eq 'Automatic' -and $_.Status -ne 'Running' } | Format-Table Name, Status
"== latest errors"
Get-WinEvent -FilterHashtable @{ LogName = 'System', 'Application'; Level = 1, 2 } -MaxEvents 30 |
  Format-List TimeCreated, ProviderName, Message
"""

BUNDLED = (
    Diagnostic(
        name="script",
        help="all that the script printed: stdout and stderr, beyond the 4 KiB that Azure reports",
        linux=_SCRIPT_LINUX,
        windows=_SCRIPT_WINDOWS,
    ),
    Diagnostic(
        name="handler-log",
        help="log of the Custom Script handler",
        linux=_HANDLER_LINUX,
        windows=_HANDLER_WINDOWS,
    ),
    Diagnostic(name="disk", help="free space of every file system", linux=_DISK_LINUX, windows=_DISK_WINDOWS),
    Diagnostic(
        name="memory", help="memory, and the processes that use it", linux=_MEMORY_LINUX, windows=_MEMORY_WINDOWS
    ),
    Diagnostic(
        name="services",
        help="failed and running services, latest errors",
        linux=_SERVICES_LINUX,
        windows=_SERVICES_WINDOWS,
    ),
)
"""What every installation has; all of them only read."""


def available(own: Iterable[Diagnostic], os: HandlerOs | None) -> tuple[Diagnostic, ...]:
    """The diagnostics for a system: the bundled ones, then `own`; one of the same name replaces a bundled one."""
    known = {diagnostic.name: diagnostic for diagnostic in (*BUNDLED, *own)}
    return tuple(diagnostic for diagnostic in known.values() if diagnostic.script(os).strip())
