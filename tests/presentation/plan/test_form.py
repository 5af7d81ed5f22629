"""The arithmetic beside the fields of the deploy form."""

from dataclasses import replace

from support import estate
from vmss_tui.domain.fleet.upgrade_policy import UpgradeMode
from vmss_tui.domain.fleet.version_names import VersionNames
from vmss_tui.domain.plan.planner import plan_rollout
from vmss_tui.domain.plan.rollout_plan import RolloutPlan, Strategy
from vmss_tui.domain.plan.rollout_policy import Amount, BatchStep, OnFailure, RolloutPolicy
from vmss_tui.presentation.plan import form


def made(policy: RolloutPolicy | None = None, name: str = "web-weu") -> RolloutPlan:
    snapshot = next(snapshot for snapshot in estate.estate() if snapshot.scale_set.name == name)
    script = estate.script_of(name.split("-")[0], "9.9.9")
    own = RolloutPolicy.from_rolling(snapshot.scale_set.policy)
    return plan_rollout(snapshot, script, policy or own, names=VersionNames(estate.labels()), now=estate.NOW)


def test_hints_are_the_live_arithmetic() -> None:
    shown = made()

    def hint(key: str, planned: RolloutPlan = shown) -> str:
        return form.hint(form.FieldSpec(key=key, label="", hint="its own"), planned, None)

    assert hint("rollout.batch") == "= 12 at a time, 6 batches, by zone"
    assert hint("rollout.pause") == "5 pauses, 02:30 in all"
    assert hint("rollout.unhealthy") == "stops above 12 of 60 unhealthy"
    assert hint("rollout.mode") == "rolling upgrade (Rolling)"
    assert hint("rollout.failure_budget") == "no limit for the whole rollout"
    assert hint("rollout.on_failure") == "it stops"
    asks = replace(shown, policy=replace(shown.policy, on_failure=OnFailure.ASK))
    assert hint("rollout.on_failure", asks).startswith("it asks")
    assert hint("script.rerun") == "its own"
    assert form.hint(form.FieldSpec(key="rollout.batch", label="", hint="its own"), None, None) == "its own"
    steps = RolloutPolicy(
        steps=(BatchStep(Amount(1)), BatchStep(Amount(50, percent=True)), BatchStep(Amount(100, percent=True))),
        failure_budget=Amount(3),
        cross_zone=True,
        mode=UpgradeMode.MANUAL,
    )
    ours = made(steps)
    assert ours.strategy is Strategy.CLIENT_BATCHES
    assert hint("rollout.batch", ours) == "= 1, then 29, then 30, zones mixed"
    assert hint("rollout.failure_budget", ours) == "stops above 3 failed instances in all"
    assert hint("rollout.mode", ours) == "batches by vmss-tui, Rolling afterwards"
    assert hint("rollout.cross_zone", ours) == "a batch may span zones"


def test_hints_say_what_cannot_be_checked_or_does_not_apply() -> None:
    web = next(snapshot for snapshot in estate.estate() if snapshot.scale_set.name == "web-weu").scale_set
    bare = next(snapshot for snapshot in estate.estate() if snapshot.scale_set.name == "labels-eus").scale_set
    blind = replace(made(), healthy=None)
    assert form.unhealthy_hint(blind, web) == "no health reported yet"
    assert form.unhealthy_hint(blind, bare) == form.unhealthy_hint(blind, None) == "no health source: cannot be checked"
    azure = made()
    assert form.healthy_hint(azure) == "no waiting"
    held = replace(azure, policy=replace(azure.policy, min_healthy_seconds=30))
    assert "mode manual" in form.healthy_hint(held)
    assert form.healthy_hint(replace(held, strategy=Strategy.CLIENT_BATCHES)).startswith("each instance 30s")
    assert form.batch_hint(replace(azure, batches=())) == "no instance is updated"
    unpaused = replace(azure, policy=replace(azure.policy, pause_seconds=0))
    assert form.pause_hint(unpaused) == "no pause between batches"
    assert form.pause_hint(replace(azure, batches=azure.batches[:1])) == "one batch: no pause"
    assert form.pause_hint(replace(azure, batches=())) == "between batches"
    share = replace(azure, policy=replace(azure.policy, failure_budget=Amount(10, percent=True)))
    assert form.budget_hint(share) == "stops above 6 failed instances in all"
    spec = form.FieldSpec(key="rollout.unhealthy_upgraded", label="")
    assert "of updated unhealthy" in form.hint(spec, azure, web)
    for key in ("rollout.min_healthy", "rollout.cross_zone"):
        assert form.hint(form.FieldSpec(key=key, label=""), azure, web)
