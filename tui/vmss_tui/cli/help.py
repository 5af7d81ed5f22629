"""The commands as data: what `--help` prints and where each one's code is.

Imports nothing, so that `--help` and `--version` cost little more than starting Python. A module is
imported only when its command runs.
"""

from typing import NamedTuple


class Entry(NamedTuple):
    """One command: its name, its arguments as people type them, one line of help, and `module:attribute`."""

    name: str
    usage: str
    summary: str
    where: str
    section: str


SECTIONS = ("Open", "Look", "Roll out", "Afterwards", "Prepare")

ENTRIES = (
    Entry("app", "", "the app; also what runs without a command", "app:app", "Open"),
    Entry("demo", "[COMMAND …]", "the app, or any command, on a simulated Azure", "simulator.demo:demo", "Open"),
    Entry("simulate", "[OPTIONS]", "the simulated Azure in the foreground", "simulator.simulate:simulate", "Open"),
    Entry("list", "", "every scale set you can see", "fleet.look:list_sets", "Look"),
    Entry("show", "SCALESET", "one scale set: policy, health source, script", "fleet.look:show", "Look"),
    Entry("instances", "SCALESET", "its instances: version, script, health", "fleet.look:instances", "Look"),
    Entry("watch", "SCALESET", "one line for every change", "fleet.watch:watch", "Look"),
    Entry("plan", "PROFILE [SCALESET]", "diff, batches, findings; writes nothing", "rollout.plan:plan", "Roll out"),
    Entry("rehearse", "PROFILE SCALESET", "the same on a simulated copy", "simulator.rehearse:rehearse", "Roll out"),
    Entry("rollout", "PROFILE [SCALESET]", "carry the plan out and follow it", "rollout.rollout:rollout", "Roll out"),
    Entry("attach", "[ROLLOUT]", "follow a rollout from its first event", "rollout.attach:attach", "Roll out"),
    Entry("pause", "[ROLLOUT]", "start no further batch", "rollout.verbs:pause", "Roll out"),
    Entry("resume", "[ROLLOUT]", "go on, also after its runner died", "rollout.verbs:resume", "Roll out"),
    Entry("approve", "[ROLLOUT]", "let the batch start that waits for a person", "rollout.verbs:approve", "Roll out"),
    Entry("cancel", "[ROLLOUT]", "stop; what is updated stays updated", "rollout.verbs:cancel", "Roll out"),
    Entry("retry", "[ROLLOUT]", "try the failed instances again", "rollout.verbs:retry", "Roll out"),
    Entry("undo", "[ROLLOUT]", "bring the previous script back, batch by batch", "rollout.verbs:undo", "Roll out"),
    Entry("rollouts", "", "every rollout in the journal", "rollout.history:rollouts", "Afterwards"),
    Entry("report", "[ROLLOUT]", "a rollout as Markdown, HTML or JSON", "rollout.history:report", "Afterwards"),
    Entry("replay", "[ROLLOUT]", "play a recorded rollout again", "rollout.history:replay", "Afterwards"),
    Entry("profiles", "COMMAND", "list, show, lint, new, import, export …", "profiles.profiles:profiles", "Prepare"),
    Entry("roles", "reader|operator", "the custom role to look or to roll out, as JSON", "roles:roles", "Prepare"),
    Entry("info", "", "paths, versions, cloud, credential, quota", "info:info", "Prepare"),
    Entry("runner", "ROLLOUT", "carry out a rollout of the journal", "rollout.runner:runner", ""),
)
"""Entries without a section work but are not listed: other processes call them."""

INTRODUCTION = "Roll out custom scripts over Azure virtual machine scale sets, batch by batch."

OPTIONS = (
    ("--cloud NAME", "a cloud from the configuration directory; the public Azure cloud without it"),
    ("--auth HOW", "credential: auto, env, cli, managed-identity or device"),
    ("--tenant ID", "sign in to this tenant"),
    ("--profiles DIR", "look for deployment profiles here first"),
    ("--read-only", "offer nothing that changes Azure"),
    ("--version", "print the version"),
    ("--help", "print this, or the help of a command"),
)
"""Options before the command; those of the connection may follow it too."""

EXIT_CODES = (
    "0 done · 1 the rollout failed or a gate stopped it · 2 usage or an invalid profile · "
    "3 sign-in or connection\n4 refused by preflight · 5 cancelled · 130 interrupted"
)


def entry(name: str) -> Entry | None:
    """The command of this name, or None."""
    return next((each for each in ENTRIES if each.name == name), None)


def overview() -> str:
    """The help of the whole program."""
    lines = [INTRODUCTION, "", "usage: vmss-tui [OPTIONS] [COMMAND] [ARGUMENTS]"]
    for section in SECTIONS:
        lines += ["", section]
        for each in ENTRIES:
            if each.section == section:
                call = f"{each.name} {each.usage}".rstrip()
                lines.append(f"  {call:<28}{each.summary}")
    lines += ["", "Options"]
    lines += [f"  {call:<28}{text}" for call, text in OPTIONS]
    lines += ["", "Exit codes", *(f"  {line}" for line in EXIT_CODES.split("\n"))]
    lines += ["", "SCALESET is a resource id, group/name, or a name that is unique among what you can see."]
    lines += ["ROLLOUT is an id or its beginning; without it, the newest that runs, else the newest."]
    return "\n".join(lines)
