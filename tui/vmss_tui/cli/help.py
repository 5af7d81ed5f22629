"""The commands and shared options as data: what `--help` prints and where the code of each command is.

Imports nothing but data, so that `--help` costs little more than starting Python. Click takes its texts from here: a
command's summary, an option's text. A command's module is imported only when the command runs.
"""

from vmss_tui.gateway.sign_in.credentials import CLOUD_NAMES, CREDENTIALS


class Entry:
    """One command: its name, its arguments as people type them, one line of help, and `module:attribute`."""

    def __init__(self, name: str, usage: str, summary: str, where: str, section: str) -> None:
        self.name, self.usage, self.summary, self.where, self.section = name, usage, summary, where, section


SECTIONS = ("Open", "Inspect", "Roll out", "Records", "Set up")

ENTRIES = (
    Entry("app", "", "the app; also what runs without a command", "app:app", "Open"),
    Entry("demo", "[COMMAND …]", "the app, or any command, on a simulated Azure", "simulator.demo:demo", "Open"),
    Entry("serve", "", "the app and every rollout's record in a browser", "serve:serve", "Open"),
    Entry("simulate", "", "the simulated Azure in the foreground", "simulator.simulate:simulate", "Open"),
    Entry("list", "[FILTER …]", "all visible scale sets", "fleet.listing:list_sets", "Inspect"),
    Entry("show", "SCALESET", "one scale set: policy, health source, script", "fleet.show:show", "Inspect"),
    Entry("instances", "SCALESET [FILTER …]", "its instances: version, script, health", "fleet.show:instances",
          "Inspect"),
    Entry("activity", "SCALESET", "who changed it, by the activity log", "fleet.activity:activity", "Inspect"),
    Entry("watch", "SCALESET", "one line for every change", "fleet.watch:watch", "Inspect"),
    Entry("diagnose", "SCALESET [INSTANCE] [NAME]", "run a diagnostic on one instance",
          "fleet.diagnose:diagnose", "Inspect"),
    Entry("plan", "PROFILE [SCALESET]", "diff, batches, findings; writes nothing", "rollout.plan:plan", "Roll out"),
    Entry("forecast", "[PROFILE] [SCALESET]", "duration and risk; --check: past accuracy",
          "outlook.forecast:forecast", "Roll out"),
    Entry("rehearse", "PROFILE SCALESET", "the same on a simulated copy", "outlook.rehearse:rehearse", "Roll out"),
    Entry("rollout", "PROFILE [SCALESET]", "start the rollout and follow it", "rollout.rollout:rollout", "Roll out"),
    Entry("attach", "[ROLLOUT]", "follow a rollout from its first event", "rollout.attach:attach", "Roll out"),
    Entry("pause", "[ROLLOUT]", "start no further batch", "rollout.verbs:pause", "Roll out"),
    Entry("resume", "[ROLLOUT]", "resume, even if its runner died", "schedule.resume:resume", "Roll out"),
    Entry("approve", "[ROLLOUT]", "start the batch that waits for approval", "rollout.verbs:approve", "Roll out"),
    Entry("cancel", "[ROLLOUT]", "stop; updated instances stay updated", "rollout.verbs:cancel", "Roll out"),
    Entry("exclude", "[ROLLOUT]", "exclude failed instances and continue", "rollout.verbs:exclude", "Roll out"),
    Entry("retry", "[ROLLOUT]", "run the script again on failed instances", "rollout.follow_up:retry", "Roll out"),
    Entry("undo", "[ROLLOUT]", "roll back to the previous script, in batches", "rollout.follow_up:undo", "Roll out"),
    Entry("schedule", "ROLLOUT", "move a rollout that starts later", "schedule.schedule:schedule", "Roll out"),
    Entry("worker", "", "carry out scheduled and team rollouts", "schedule.worker:worker", "Roll out"),
    Entry("rollouts", "[FILTER …]", "the rollouts in the journal", "rollout.history:rollouts", "Records"),
    Entry("report", "[ROLLOUT]", "the record of a rollout for a change ticket", "rollout.history:report", "Records"),
    Entry("replay", "[ROLLOUT]", "play a recorded rollout in the live screen", "rollout.history:replay", "Records"),
    Entry("journal", "COMMAND", "check, repair and copy the journal", "journal:journal", "Records"),
    Entry("profiles", "COMMAND", "list, show, lint, new, import, export …", "profiles.profiles:profiles", "Set up"),
    Entry("roles", "reader|operator", "a least-privilege custom role, as JSON", "roles:roles", "Set up"),
    Entry("config", "COMMAND", "show, edit and check the settings", "config:config", "Set up"),
    Entry("completion", "bash|zsh|fish", "the completion script of a shell", "completion:completion", "Set up"),
    Entry("man", "", "the manual page", "manual:man", "Set up"),
    Entry("info", "", "paths, versions, cloud, credential, quota", "info:info", "Set up"),
    Entry(
        "support-bundle", "", "a redacted archive for a support ticket", "support_bundle:support_bundle", "Set up"
    ),
    Entry("help", "[COMMAND …]", "this, or the help of a command", "help:help_command", "Set up"),
    Entry("version", "", "the version", "help:version", "Set up"),
    Entry("served-app", "", "the app of one browser", "serve:served_app", ""),
    Entry("runner", "ROLLOUT", "run one rollout of the journal", "rollout.runner:runner", ""),
)  # fmt: skip
"""Entries without a section work but are not listed: other processes call them."""

INTRODUCTION = "Roll out custom scripts over Azure virtual machine scale sets, batch by batch."


class Option:
    """An option of every command: its flag, what stands for its value, one line of help, and a short flag if any."""

    def __init__(self, flag: str, value: str, text: str, short: str = "") -> None:
        self.flag, self.value, self.text, self.short = flag, value, text, short

    @property
    def call(self) -> str:
        """As people type it: `--cloud NAME`."""
        return f"{self.short}, {self.flag} {self.value}".removeprefix(", ").rstrip()


WIDTH = 80
"""Cells of a line of the overview."""
LOG_LEVELS = ("debug", "info", "warning", "error")

OPTIONS = (
    Option("--cloud", "NAME", f"{', '.join(CLOUD_NAMES)} or a file in the clouds directory"),
    Option("--auth", "HOW", f"credential: {', '.join(CREDENTIALS)}"),
    Option("--tenant", "ID", "sign in to this tenant"),
    Option("--subscription", "NAME", "only scale sets of this subscription, by its name or id", "-s"),
    Option("--profiles", "DIR", "search this directory for deployment profiles first"),
    Option("--journal", "PLACE", "record of all rollouts: a file, or postgresql://USER@HOST/DATABASE"),
    Option("--read-only", "", "change nothing in Azure"),
    Option("--low-bandwidth", "", "paint less: for lines of 64 kbit/s"),
    Option("--open", "SCALESET", "open the app on this scale set"),
    Option("--log-level", "LEVEL", f"level of the log file: {', '.join(LOG_LEVELS)}"),
    Option("--debug", "", "log everything, redacted, to stderr too"),
    Option("--version", "", "print the version"),
    Option("--help", "", "print this, or the help of a command"),
)
"""Options before the command; those that a command uses may follow it too."""

EXIT_CODES = (
    ("0", "done"),
    ("1", "the rollout failed or a gate stopped it"),
    ("2", "usage or an invalid profile"),
    ("3", "sign-in or connection"),
    ("4", "refused by preflight"),
    ("5", "canceled"),
    ("70", "a bug in vmss-tui; its log has the details"),
    ("130", "interrupted by Ctrl-C; 143 by SIGTERM: the rollout continues, unless --on-interrupt cancel"),
)


def entry(name: str) -> Entry | None:
    """The command of this name, or None."""
    return next((entry for entry in ENTRIES if entry.name == name), None)


def text_of(flag: str) -> str:
    """The line of help of a shared option."""
    return next(option.text for option in OPTIONS if option.flag == flag)


def short_of(flag: str) -> str:
    """The short flag of a shared option; empty without one."""
    return next(option.short for option in OPTIONS if option.flag == flag)


def overview() -> str:
    """The help of the whole program."""
    lines = [INTRODUCTION, "", "usage: vmss-tui [OPTIONS] [COMMAND] [ARGUMENTS]"]
    for section in SECTIONS:
        lines += ["", section]
        for entry in ENTRIES:
            if entry.section == section:
                lines += _row(f"{entry.name} {entry.usage}".rstrip(), entry.summary)
    lines += ["", "Options"]
    for option in OPTIONS:
        lines += _row(option.call, option.text)
    lines += ["", "Exit codes"]
    for code, meaning in EXIT_CODES:
        lines += _row(code, meaning, 5)
    lines += ["", "SCALESET is a resource id, group/name, or a name that only one visible set has."]
    lines += ["ROLLOUT is an id or its beginning; default: the newest that runs, or the newest."]
    return "\n".join(lines)


def _row(call: str, meaning: str, column: int = 31) -> list[str]:
    """What is typed, and beside it (below it where it is long) what it means, in lines of at most 80 cells."""
    beside = len(call) < column
    rows = [] if beside else [f"  {call}"]
    row = f"  {call if beside else '':<{column}}"
    for word in meaning.split():
        if len(row) + len(word) > WIDTH and row.strip():
            rows.append(row.rstrip())
            row = " " * (column + 2)
        row += f"{word} "
    return [*rows, row.rstrip()]
