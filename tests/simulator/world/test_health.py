"""Health as the sources report it: which state, when, and what rolling upgrades and repairs do with it.

Source of all of it: "Use Application Health extension with Virtual Machine Scale Sets", unless a test says otherwise.
"""

import pytest

from support.simulated.story import V2, Story, refusal

ONE = 'mode = "Automatic"\ninstances = 1\n'


def health_extension(version: str, **settings: object) -> dict[str, object]:
    return {
        "name": "HealthExtension",
        "properties": {
            "publisher": "Microsoft.ManagedServices",
            "type": "ApplicationHealthLinux",
            "typeHandlerVersion": version,
            "settings": {"protocol": "http", "port": 80, "requestPath": "/healthz", **settings},
        },
    }


def with_extension(version: str, **settings: object) -> dict[str, object]:
    """A body with the health extension and the tutorial's script in version 2."""
    script = {
        "name": "CustomScript",
        "properties": {
            "publisher": "Microsoft.Azure.Extensions",
            "type": "CustomScript",
            "typeHandlerVersion": "2.1",
            "settings": {"commandToExecute": V2},
        },
    }
    listed = [health_extension(version, **settings), script]
    return {"properties": {"virtualMachineProfile": {"extensionProfile": {"extensions": listed}}}}


def states(story: Story, seconds: int) -> list[tuple[int, str | None]]:
    """What instance 0 reports over time: each new state with its second."""
    seen: list[tuple[int, str | None]] = []
    for second in range(seconds):
        health = story.instance(0).health
        if not seen or seen[-1][1] != health:
            seen.append((second, health))
        story.wait(1)
    return seen


@pytest.mark.parametrize(
    ("version", "protocol", "silent"),
    [("1.0", "http", "unhealthy"), ("2.0", "http", "unknown"), ("2.0", "tcp", "unhealthy")],
)
def test_an_application_that_does_not_answer_is_unhealthy_or_unknown(version: str, protocol: str, silent: str) -> None:
    """Unknown exists with rich states over http only."""
    story = Story.of(ONE)
    story.wait_for(story.patch(with_extension(version, protocol=protocol)).operation)
    story.wait(60)
    story.put_script("./custom_application_v3.sh")
    assert [state for _, state in states(story, 200)] == ["healthy", silent, "healthy"]


def test_a_state_is_reported_when_it_has_lasted_for_the_number_of_probes() -> None:
    """intervalInSeconds x numberOfProbes: a script that began 60 s ago may still show as healthy."""
    quick, slow = Story.of(ONE), Story.of(ONE)
    for story, probes in ((quick, 1), (slow, 9)):
        story.wait_for(story.patch(with_extension("1.0", intervalInSeconds=5, numberOfProbes=probes)).operation)
        story.wait(120)
        story.put_script("./custom_application_v3.sh")
    (_, after), (_, later) = states(quick, 300)[:2], states(slow, 300)[:2]
    assert after[1] == later[1] == "unhealthy"
    assert later[0] - after[0] == pytest.approx(40, abs=7)


def test_an_outage_shorter_than_the_probes_is_never_seen() -> None:
    story = Story.of(ONE)
    story.wait_for(story.patch(with_extension("1.0", intervalInSeconds=60, numberOfProbes=3)).operation)
    story.wait(300)
    story.put_script("./custom_application_v3.sh")
    assert states(story, 400) == [(0, "healthy")]
    assert story.script(0).state == "Succeeded"


def test_initializing_only_occurs_when_the_extension_starts() -> None:
    """ "The Initializing state only occurs once at extension start time": a new or reimaged machine, not a script."""
    story = Story.of('mode = "Manual"\ninstances = 1\n')
    story.act("reimage", 0)
    assert [state for _, state in states(story, 900)] == ["unknown", "initializing", "healthy"]


def test_a_health_extension_that_is_added_starts_to_report() -> None:
    story = Story.of(f'{ONE}health = "none"\n')
    story.wait_for(story.patch(with_extension("2.0", gracePeriod=600)).operation)
    assert [state for _, state in states(story, 120)][-1] == "healthy"


def test_a_health_extension_that_is_removed_reports_no_more() -> None:
    story = Story.of(ONE)
    body = with_extension("2.0")
    body["properties"]["virtualMachineProfile"]["extensionProfile"]["extensions"].pop(0)  # type: ignore[index]
    story.wait_for(story.patch(body).operation)
    story.wait(120)
    assert story.instance(0).health is None


def test_a_grace_period_that_is_over_ends_in_unknown() -> None:
    """gracePeriod defaults to interval x probes, which is less than the VM needs here."""
    story = Story.of(f"{ONE}initialising = 200\n")
    story.wait_for(story.patch(with_extension("2.0")).operation)
    story.wait(300)
    story.act("reimage", 0)
    seen = [state for _, state in states(story, 1200)]
    assert seen == ["unknown", "initializing", "unknown", "healthy"]


def test_initializing_is_waited_for_and_does_not_count_as_unhealthy() -> None:
    """ "Rolling Upgrade interpretation: wait for the state to be in Healthy, Unhealthy, or Unknown"."""
    story = Story.of(
        'mode = "Rolling"\ninstances = 4\n[[scale_sets.overrides]]\ninstances = [2, 3]\nhealth = "initializing"\n'
    )
    story.put_script()
    assert len(story.batches()) == 4
    assert story.roll.code == "Completed"


def test_unknown_counts_as_unhealthy() -> None:
    """ "Rolling Upgrade interpretation" of Unknown: unhealthy."""
    story = Story.of(
        'mode = "Rolling"\ninstances = 4\n[[scale_sets.overrides]]\ninstances = [2, 3]\nhealth = "unknown"\n'
    )
    story.put_script()
    story.batches()
    assert story.roll.error is not None
    assert story.roll.error.code == "MaxUnhealthyInstancePercentExceededBeforeRollingUpgrade"


def test_wrong_settings_leave_the_application_alone() -> None:
    """Azure accepts wrong settings, the handler refuses them and runs nothing."""
    story = Story.of(ONE)
    story.put_script("", script="eA==")
    story.wait(120)
    assert (story.instance(0).provisioning, story.instance(0).health) == ("Failed", "healthy")


PROBE = {"networkProfile": {"healthProbe": {"id": "/subscriptions/s/probes/p"}}}


@pytest.mark.parametrize(
    "also", [{"upgradePolicy": {"mode": "Rolling"}}, {"automaticRepairsPolicy": {"enabled": True}}]
)
def test_a_probe_and_a_health_extension_together_are_refused_where_health_matters(also: dict[str, object]) -> None:
    """ "Only one source of health monitoring can be used"; that it is a 400 is inferred, and a switch."""
    body = {"properties": {"virtualMachineProfile": PROBE, **also}}
    plain = 'mode = "Manual"\ninstances = 1\nhealth = "extension"\n'
    refused = refusal(Story.of(plain).patch, body)
    assert (refused.status, refused.failure.code) == (400, "BadRequest")
    assert "only one source of health" in refused.failure.message
    accepting = Story.of(plain, '[switches]\ntwo_health_sources = "accept"\n')
    assert accepting.patch(body).operation is not None
    unconcerned = Story.of(plain)
    assert unconcerned.patch({"properties": {"virtualMachineProfile": PROBE}}).operation is not None
