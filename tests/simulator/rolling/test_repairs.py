"""Automatic repairs as documented: a few at a time, never a protected instance, and an end when nothing helps."""

from support.simulated.story import Story

REPAIRS = 'mode = "Manual"\nrepairs = { enabled = true, grace = "PT10M" }\n'


def unhealthy(instances: str, at: int = 60) -> str:
    return f'[[events]]\nscale_set = "app"\nat = {at}\naction = "health"\ninstances = {instances}\nto = "unhealthy"\n'


def test_repairs_take_one_instance_at_a_time_in_a_small_set_and_a_twentieth_of_a_large_one() -> None:
    """ "Automatic instance repairs": at most 5 %, one in sets of fewer than 20."""
    for count, most in ((10, 1), (60, 3)):
        story = Story.of(f"{REPAIRS}instances = {count}\n", unhealthy('["0-7"]'))
        seen = []
        for _ in range(400):
            story.wait(15)
            seen.append(sum(one.provisioning == "Creating" for one in story.instances.values()))
        assert max(seen) == most
        assert not {str(key) for key in range(8)} & set(story.instances)


def test_what_was_unhealthy_at_the_start_is_repaired_after_the_grace_period() -> None:
    override = '[[scale_sets.overrides]]\ninstances = [1]\nhealth = "unhealthy"\n'
    story = Story.of(f"{REPAIRS}instances = 3\n{override}")
    story.wait(500)
    assert "1" in story.instances
    story.wait(900)
    assert "1" not in story.instances and len(story.instances) == 3


def test_a_protected_instance_is_not_repaired() -> None:
    """ "Automatic instance repairs": instance protection, of either kind."""
    for protection in ("scale-in", "actions"):
        override = f'[[scale_sets.overrides]]\ninstances = [1]\nprotect = "{protection}"\n'
        story = Story.of(f"{REPAIRS}instances = 3\n{override}", unhealthy("[1, 2]"))
        story.wait(3600)
        assert "1" in story.instances and "2" not in story.instances


def test_the_grace_period_starts_again_after_a_change_of_state() -> None:
    """ "Automatic instance repairs": the grace period begins when a change of state is complete."""
    story = Story.of(f'{REPAIRS}instances = 3\n[[scale_sets.overrides]]\ninstances = [1]\nafter_script = "unhealthy"\n')
    story.put_script()
    story.wait_for(story.upgrade(1))
    story.wait(400)
    assert story.instance(1).health == "unhealthy"
    story.wait_for(story.act("reapply", 1))
    story.wait(500)
    assert story.instance(1).provisioning == "Succeeded"
    story.wait(400)
    assert "1" not in story.instances


def test_repairs_that_do_not_help_suspend_the_service() -> None:
    """ "Automatic instance repairs": serviceState becomes Suspended after repeated failures."""
    scripts = "[[scripts]]\nmatch = '.'\nunhealthy_after = true\n"
    story = Story.of(f"{REPAIRS}instances = 2\n", unhealthy("[0]"), scripts)
    story.wait(3 * 3600)
    assert story.value.repairs_suspended
    made = story.value.next_number
    story.wait(3 * 3600)
    assert story.value.next_number == made
