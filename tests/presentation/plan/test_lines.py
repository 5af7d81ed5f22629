"""A plan in lines: the diff, the batches, the arithmetic, what to know, what one says yes to; hints of the form."""

from dataclasses import dataclass, replace

from support import estate, story
from vmss_tui.domain.fleet.script import RerunForecast, SettingChange
from vmss_tui.domain.fleet.upgrade_policy import UpgradeMode
from vmss_tui.domain.fleet.version_names import VersionNames
from vmss_tui.domain.plan.findings import Finding, Severity
from vmss_tui.domain.plan.planner import plan_rollout
from vmss_tui.domain.plan.rollout_plan import Batch, Exclusion, RolloutPlan
from vmss_tui.domain.plan.rollout_policy import Amount, BatchStep, RolloutPolicy
from vmss_tui.presentation.glyphs import Role
from vmss_tui.presentation.plan import confirm
from vmss_tui.presentation.plan import lines as plan
from vmss_tui.presentation.plan.outlook import expectation
from vmss_tui.presentation.table import Line, text_of
from vmss_tui.text import width


@dataclass(frozen=True)
class Pin:
    uri: str
    size: int = 0
    sha256: str = ""
    mutable: str = ""
    problem: str = ""


def texts(lines: tuple[Line, ...]) -> list[str]:
    return [text_of(line).rstrip() for line in lines]


def made(policy: RolloutPolicy | None = None, name: str = "web-weu") -> RolloutPlan:
    snapshot = next(snapshot for snapshot in estate.estate() if snapshot.scale_set.name == name)
    script = estate.script_of(name.split("-")[0], "9.9.9")
    own = RolloutPolicy.from_rolling(snapshot.scale_set.policy)
    return plan_rollout(snapshot, script, policy or own, names=VersionNames(estate.labels()), now=estate.NOW)


def test_the_diff_keeps_what_differs_in_sight() -> None:
    lines = texts(plan.change_lines(story.plan_of(), 44))
    assert lines[0] == "  fileUris[0]"
    assert lines[1].startswith("  - …") and lines[1].endswith("custom_application_v2.4.0.sh")
    assert lines[2].startswith("  + …") and lines[2].endswith("custom_application_v2.5.0.sh")
    assert lines[-1] == "  The script will run: the settings differ"
    assert all(width(line) <= 44 for line in lines)


def test_a_text_of_many_lines_shows_only_the_lines_that_differ() -> None:
    change = SettingChange("script", "#!/bin/sh\nset -e\nold\n", "#!/bin/sh\nset -e\nnew\nmore\n")
    lines = texts(plan.change_lines(replace(story.plan_of(), changes=(change,)), 60))
    assert lines[:4] == ["  script", "  - old", "  + new", "  + more"]
    long = SettingChange("script", None, "\n".join(f"line {n}" for n in range(40)))
    assert "more lines" in texts(plan.change_lines(replace(story.plan_of(), changes=(long,)), 60))[15]


def test_protected_settings_have_a_word_and_no_value() -> None:
    lines = texts(plan.change_lines(story.plan_of(), 80, protected=(plan.ProtectedLine("key", "changed", "$KEY"),)))
    assert "  key  *** changed  $KEY" in lines


def test_what_azure_would_not_run_is_said() -> None:
    quiet = replace(story.plan_of(), changes=(), forecast=RerunForecast(False, "the settings are identical"))
    lines = plan.change_lines(quiet, 80)
    assert texts(lines)[0] == "  nothing in the public settings"
    assert lines[-1][0] == ("  The script will not run: the settings are identical", Role.WARN)


def test_batches_zones_pauses_approvals_and_who_is_left_out() -> None:
    batches = tuple(
        Batch(number=n, ids=tuple(map(str, range(n * 5, n * 5 + 5))), zones=("1",), approve=n == 2)
        for n in range(1, 13)
    )
    shown = replace(
        story.plan_of(), batches=batches, excluded=(Exclusion("99", "deallocated"), Exclusion("98", "deallocated"))
    )
    lines = texts(plan.batch_lines(shown, 80))
    assert lines[1] == "  Azure chooses the order, usually zone by zone, by update domain"
    assert lines[2] == "   1  zone 1   5 instances   then 30s"
    assert lines[3].endswith("after approval  then 30s")
    assert "   …  4 more batches, 20 instances" in lines
    assert "   ⊘  2 instances excluded: deallocated (98, 99)" in lines
    assert "60 instances in 12 batches" in lines[-1] or "60 instances in 12 batches" in lines[-2]


def test_the_arithmetic_and_the_order_are_said_in_words_and_once() -> None:
    policy = RolloutPolicy(
        mode=UpgradeMode.MANUAL, canary=("7",), prioritise_unhealthy=True, steps=(BatchStep(Amount(20, percent=True)),)
    )
    shown = made(policy)
    lines = texts(plan.batch_lines(shown, 100))
    assert "  order: 7 first, unhealthy first, zone by zone, by update domain" in lines
    assert sum("20% of 60 is 12" in line for line in lines) == 1
    assert sum("zones are not mixed" in line for line in lines) == 3
    assert any(line.endswith("20% of 60 is 12; canaries go alone") for line in lines)
    narrow = texts(plan.batch_lines(shown, 48))
    assert "      20% of 60 is 12; canaries go alone" in narrow and all(width(line) <= 48 for line in narrow)
    assert plan.order(replace(shown, batches=())) == ""
    mixed = plan.order(replace(shown, policy=replace(policy, cross_zone=True, canary=(), prioritise_unhealthy=False)))
    assert mixed == "order: by update domain"


def test_the_sentence_says_how_many_stay_healthy_and_how_long() -> None:
    assert plan.sentence(story.plan_of()) == (
        f"60 instances in 5 batches, at least 48 of 60 healthy if nothing fails, {expectation(story.plan_of())}"
    )
    blind = replace(story.plan_of(), healthy=None)
    assert "no health source" in plan.sentence(blind)
    assert plan.sentence(replace(story.plan_of(), batches=())) == "nothing to do"


def test_refusals_come_first_and_findings_keep_their_next_step() -> None:
    refused = replace(
        story.plan_of(),
        findings=(
            Finding(Severity.INFO, "i", "by the way"),
            Finding(Severity.WARN, "w", "look at this", "do that"),
            Finding(Severity.REFUSE, "r", "cannot be", "change it"),
        ),
    )
    lines = texts(plan.sections(refused, 60))
    assert lines[:3] == ["CANNOT START", "  ✖ cannot be", "    change it"]
    assert lines.index("  ▲ look at this") < lines.index("    do that")
    assert "  · by the way" in lines


def test_files_and_steps() -> None:
    pins = (
        Pin("https://x/good.sh", 812, "ab" * 32),
        Pin("https://x/soft.sh", 3172, "cd" * 32, mutable="a branch"),
        Pin("https://x/bad.sh", problem="404"),
    )
    lines = texts(plan.sections(story.plan_of(), 70, files=pins, steps=(("run", "./x.sh"),)))
    assert "    ● 812 B sha256 abababababab" in lines
    assert "    ▲ 3.2 KB sha256 cdcdcdcdcdcd may change: a branch" in lines
    assert "    ◌ not verified: 404" in lines
    assert "  run        ./x.sh" in lines
    assert [plan.size(n) for n in (0, 999, 3140, 2_400_000)] == ["0 B", "999 B", "3.1 KB", "2.4 MB"]


def test_the_confirm_names_the_set_the_count_and_the_versions() -> None:
    asked = replace(
        story.plan_of(),
        policy_differs=True,
        holds_repairs=True,
        findings=(Finding(Severity.WARN, "f", "https://example.org/" + "a" * 90 + " cannot be fetched"),),
    )
    assert confirm.confirm_title(asked) == "Start on web-weu: 60 instances?"
    lines = texts(confirm.confirm_lines(asked))
    assert "web 2.4.0 → web 2.5.0" in lines
    assert any("restored afterwards" in line for line in lines)
    assert "Automatic repairs are suspended during the rollout" in lines
    assert max(len(word) for word in lines[-1].split()) <= 48


def test_every_width_holds_the_plan() -> None:
    for cells in (20, 38, 48, 78, 120):
        for name in ("web-weu", "tracking-weu", "billing-win", "labels-eus", "gw-eus"):
            lines = plan.sections(made(name=name), cells)
            assert all(width(text_of(line)) <= max(cells, 60) for line in lines)
