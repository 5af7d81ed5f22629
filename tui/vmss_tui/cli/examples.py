"""Examples and related commands of every command, as data: for its help and for the manual page."""

from typing import NamedTuple


class Example(NamedTuple):
    """A command line that can be copied as shown, and what it does."""

    call: str
    does: str


class Advice(NamedTuple):
    """The text below the options in the help of a command."""

    examples: tuple[Example, ...]
    see_also: tuple[str, ...] = ()


ADVICE = {
    "app": Advice(
        (Example("vmss-tui", "opens the app"), Example("vmss-tui app --read-only", "changes nothing")), ("demo",)
    ),
    "demo": Advice(
        (
            Example("vmss-tui demo", "opens the app on a simulated Azure"),
            Example("vmss-tui demo list", "runs one command on it"),
            Example("vmss-tui demo --stop", "stops the simulated Azure"),
        ),
        ("simulate", "rehearse"),
    ),
    "serve": Advice(
        (
            Example("vmss-tui serve", "the app, read-only, at http://127.0.0.1:8433/ and rollouts at /rollouts"),
            Example("vmss-tui serve --allow-writes --viewers 4", "with a token for those who may change Azure"),
        ),
        ("app", "report"),
    ),
    "simulate": Advice(
        (
            Example("vmss-tui simulate --env-file sim.env &", "starts it; `. sim.env` points every command at it"),
            Example("vmss-tui simulate --scenario fleet --speed 30", "another scenario, 30 times as fast"),
        ),
        ("demo",),
    ),
    "list": Advice(
        (
            Example("vmss-tui list", "every scale set that you can see"),
            Example("vmss-tui list mode:rolling tag:env=prod", "those that pass a filter"),
            Example("vmss-tui list --health tag:env=prod", "with the health of their instances"),
            Example("vmss-tui list -o json --query '[].name'", "their names as JSON"),
        ),
        ("show", "instances"),
    ),
    "schedule": Advice(
        (
            Example("vmss-tui schedule 7f3a --at 22:00", "starts it tonight instead"),
            Example("vmss-tui schedule 7f3a --at now", "starts it now"),
        ),
        ("worker", "rollout", "cancel"),
    ),
    "worker": Advice(
        (
            Example("vmss-tui worker", "carries out scheduled rollouts, and those of a team"),
            Example("vmss-tui worker --unit", "prints a systemd unit that keeps it running"),
        ),
        ("schedule",),
    ),
    "activity": Advice(
        (
            Example("vmss-tui activity web-weu --since 1h", "what changed in the last hour"),
            Example("vmss-tui activity web-weu -o json --query '[0].caller'", "who changed it last"),
        ),
        ("show", "plan"),
    ),
    "show": Advice(
        (
            Example("vmss-tui show rg-web/web-weu", "one scale set"),
            Example("vmss-tui show web-weu -o json --query script.version", "the version that its model has"),
        ),
        ("instances", "watch"),
    ),
    "instances": Advice(
        (
            Example("vmss-tui instances web-weu health:unhealthy", "unhealthy instances"),
            Example("vmss-tui instances web-weu -o jsonl", "one JSON object a line"),
        ),
        ("show", "watch"),
    ),
    "watch": Advice((Example("vmss-tui watch web-weu --jsonl", "one JSON object for every change"),), ("attach",)),
    "diagnose": Advice(
        (
            Example("vmss-tui diagnose web-weu 7 script", "complete stdout and stderr of instance 7"),
            Example("vmss-tui diagnose web-weu 7", "lists the diagnostics"),
            Example("vmss-tui diagnose web-weu --history", "who ran which diagnostic"),
        ),
        ("instances", "roles"),
    ),
    "plan": Advice(
        (
            Example("vmss-tui plan web web-weu --set version=2.5.0", "what the rollout would do"),
            Example("vmss-tui plan web web-weu --set version=2.5.0 -o json", "the same for a program"),
        ),
        ("forecast", "rehearse", "rollout"),
    ),
    "forecast": Advice(
        (
            Example("vmss-tui forecast web web-weu --set version=2.5.0", "P50, P90, and what may stop the rollout"),
            Example("vmss-tui forecast --check", "how often the forecasts of the journal's rollouts held"),
        ),
        ("plan", "rehearse"),
    ),
    "rehearse": Advice(
        (
            Example("vmss-tui rehearse web web-weu --set version=2.5.0 --fail 3", "with instance 3 failing"),
            Example("vmss-tui rehearse web web-weu --set version=2.5.0 --mode manual --autoscale +5@2m", "by vmss-tui"),
        ),
        ("forecast", "plan", "rollout"),
    ),
    "rollout": Advice(
        (
            Example("vmss-tui rollout web web-weu --set version=2.5.0", "asks, starts and follows"),
            Example("vmss-tui rollout web web-weu --set version=2.5.0 --confirm web-weu --jsonl", "from a script"),
            Example(
                "vmss-tui rollout web web-weu --set version=2.5.0 --confirm web-weu --detach",
                "prints the id and returns",
            ),
        ),
        ("plan", "attach", "cancel", "report"),
    ),
    "attach": Advice(
        (
            Example("vmss-tui attach", "the newest rollout"),
            Example("vmss-tui attach 7f3a --jsonl", "its events as JSON lines"),
        ),
        ("rollouts", "report"),
    ),
    "pause": Advice((Example("vmss-tui pause 7f3a --why 'database migration'", "no further batch"),), ("resume",)),
    "resume": Advice((Example("vmss-tui resume 7f3a", "after a pause or a lost runner"),), ("pause", "attach")),
    "approve": Advice((Example("vmss-tui approve 7f3a --batch 2", "batch 2, also before its turn"),), ("attach",)),
    "cancel": Advice((Example("vmss-tui cancel 7f3a --why 'errors in the log'", "after this batch"),), ("undo",)),
    "exclude": Advice(
        (Example("vmss-tui exclude 7f3a --instance 3 --why 'broken disk'", "the rollout continues without it"),),
        ("retry", "undo"),
    ),
    "retry": Advice((Example("vmss-tui retry 7f3a --yes", "the failed instances"),), ("report", "undo")),
    "undo": Advice(
        (
            Example("vmss-tui undo 7f3a --yes --why 'errors in the log'", "the previous script"),
            Example("vmss-tui undo --to 2.3.0 --yes", "an earlier version of the newest rollout's set"),
        ),
        ("retry",),
    ),
    "rollouts": Advice(
        (
            Example("vmss-tui rollouts --limit 5", "the newest five"),
            Example("vmss-tui rollouts web-weu started:2026-10", "those of a scale set in October"),
            Example("vmss-tui rollouts -o jsonl", "for a program"),
        ),
        ("attach", "report"),
    ),
    "report": Advice(
        (
            Example("vmss-tui report 7f3a --format html --output 7f3a.html", "for a change ticket"),
            Example("vmss-tui report 7f3a --verify", "whether an event was changed or removed"),
        ),
        ("rollouts", "replay"),
    ),
    "replay": Advice((Example("vmss-tui replay 7f3a --speed 30", "30 times as fast"),), ("report",)),
    "journal grant": Advice(
        (Example("vmss-tui journal grant alice approver", "the SQL for the owner of a team's journal"),), ("journal",)
    ),
    "journal copy": Advice(
        (
            Example(
                "vmss-tui journal copy ~/.local/state/vmss-tui/journal.db postgresql://vmss_tui@db.example.com/journal",
                "moves your history to the team's",
            ),
        ),
        ("journal check", "report"),
    ),
    "journal": Advice((Example("vmss-tui journal check", "checks for damage; changes nothing"),), ("rollouts",)),
    "journal check": Advice((Example("vmss-tui journal check -o json", "for a program"),), ("journal repair",)),
    "journal repair": Advice((Example("vmss-tui journal repair", "copies the journal first"),), ("journal check",)),
    "profiles": Advice(
        (
            Example("vmss-tui profiles list", "where each profile comes from"),
            Example("vmss-tui profiles new web", "a commented profile to edit"),
            Example("vmss-tui profiles lint web", "checks one"),
        ),
        ("plan",),
    ),
    "profiles list": Advice((Example("vmss-tui profiles list -o json", "for a program"),), ("profiles show",)),
    "profiles show": Advice((Example("vmss-tui profiles show web", "the file of a profile"),), ("profiles lint",)),
    "profiles lint": Advice((Example("vmss-tui profiles lint ./web.toml", "exit code 2 on an error"),), ("plan",)),
    "profiles new": Advice((Example("vmss-tui profiles new web --os linux", "prints its path"),), ("profiles import",)),
    "profiles import": Advice(
        (
            Example("vmss-tui profiles import settings.json --name web", "from the file of `az vmss extension set`"),
            Example("vmss-tui profiles import --from rg-web/web-weu", "from a live scale set"),
        ),
        ("profiles export",),
    ),
    "profiles export": Advice(
        (Example("vmss-tui profiles export web --set version=2.5.0", "as `az` command lines"),), ("profiles import",)
    ),
    "profiles drift": Advice((Example("vmss-tui profiles drift web", "which scale sets differ"),), ("plan",)),
    "profiles name": Advice((Example("vmss-tui profiles name web-weu 'web 2.4.0'", "names its version"),), ("show",)),
    "roles": Advice(
        (
            Example(
                "vmss-tui roles operator --scope /subscriptions/ID > operator.json", "for `az role definition create`"
            ),
        ),
        ("info",),
    ),
    "config": Advice((Example("vmss-tui config show", "every setting and its origin"),), ("info",)),
    "config show": Advice((Example("vmss-tui config show -o json", "for a program"),), ("config check",)),
    "config edit": Advice(
        (Example("vmss-tui config edit", "writes a commented file when there is none"),), ("config check",)
    ),
    "config keys": Advice((Example("vmss-tui config keys", "ids and keys of the app's actions"),), ("config edit",)),
    "config check": Advice(
        (Example("vmss-tui config check ./config.toml", "before it is rolled out"),), ("config show",)
    ),
    "config schema": Advice(
        (Example("vmss-tui config schema > config.schema.json", "for an editor"),), ("config edit",)
    ),
    "completion": Advice(
        (
            Example("vmss-tui completion bash > ~/.local/share/bash-completion/completions/vmss-tui", "for bash"),
            Example("vmss-tui completion fish > ~/.config/fish/completions/vmss-tui.fish", "for fish"),
        )
    ),
    "man": Advice((Example("vmss-tui man | man -l -", "shows the manual page"),), ("help",)),
    "info": Advice((Example("vmss-tui info --offline", "without signing in"),), ("roles",)),
    "support-bundle": Advice((Example("vmss-tui support-bundle --offline", "without signing in"),), ("info",)),
    "help": Advice((Example("vmss-tui help rollout", "the same as `vmss-tui rollout --help`"),)),
    "version": Advice((Example("vmss-tui version", "the same as `vmss-tui --version`"),)),
}
"""By the name of the command as it is typed."""


def lines_of(command: str) -> list[str]:
    """The text below the options of a command's help; nothing for a command without advice."""
    advice = ADVICE.get(command)
    if advice is None:
        return []
    lines = ["Examples:"]
    for example in advice.examples:
        lines += [f"  {example.call}", f"      {example.does}"]
    if advice.see_also:
        lines += ["", f"See also: {', '.join(f'vmss-tui {name}' for name in advice.see_also)}"]
    return lines
