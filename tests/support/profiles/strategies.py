"""Hypothesis strategies for profiles and for what Azure may hold."""

from typing import Any

from hypothesis import strategies as st

from support.fuzzing import examples
from vmss_tui.domain.fleet.ids import ScaleSetId
from vmss_tui.domain.fleet.script import HANDLERS, ScriptConfig, SecretRef, SecretSource
from vmss_tui.domain.fleet.upgrade_policy import UpgradeMode
from vmss_tui.domain.plan.maintenance_window import DAYS, Window
from vmss_tui.domain.plan.rollout_policy import (
    Amount,
    BatchStep,
    ExternalGate,
    Hook,
    RolloutPolicy,
    ServiceRef,
    Urgency,
)
from vmss_tui.domain.plan.waves import OnFailedSet, WaveGroup, WaveRules
from vmss_tui.profiles.format.inline_script import encode
from vmss_tui.profiles.format.script_fields import PROTECTED_NAMES
from vmss_tui.profiles.model import FileRef, Profile, ReportFields, Rerun, Script, Targets, Variable

QUICK = examples(40)
"""Enough to find what is wrong, on a shared machine too."""

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
filled = texts.filter(bool)
words = st.from_regex(r"[a-z][a-z0-9-]{0,8}", fullmatch=True)
amounts = st.builds(Amount, st.integers(1, 100), st.booleans())
seconds = st.integers(0, 90_000)

json_values = st.recursive(
    st.one_of(texts, st.integers(), st.booleans(), st.floats(allow_nan=False, allow_infinity=False)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)


@st.composite
def public_settings(draw: st.DrawFn) -> dict[str, Any]:
    """Public settings, sensible or odd."""
    settings: dict[str, Any] = draw(st.dictionaries(texts, json_values, max_size=2))
    if draw(st.booleans()):
        settings["fileUris"] = draw(st.lists(texts, max_size=3) | json_values)
    if draw(st.booleans()):
        settings["commandToExecute"] = draw(texts | json_values)
    if draw(st.booleans()):
        settings["script"] = draw(texts.map(lambda text: encode(text).value) | json_values)
    if draw(st.booleans()):
        settings["skipDos2Unix"] = draw(st.booleans() | json_values)
    if draw(st.booleans()):
        settings["timestamp"] = draw(st.integers() | json_values)
    return settings


@st.composite
def references(draw: st.DrawFn) -> dict[str, SecretRef]:
    """Protected settings as references."""
    if draw(st.booleans()):
        return {}
    if draw(st.integers(0, 5)) == 0:
        return {"*": SecretRef(SecretSource.KEY_VAULT, f"/{draw(words)} https://{draw(words)}")}
    found = {}
    for name in draw(st.lists(st.sampled_from(PROTECTED_NAMES), max_size=3, unique=True)):
        source = draw(st.sampled_from([SecretSource.ENV, SecretSource.FILE, SecretSource.PROMPT, SecretSource.LITERAL]))
        where = f"/{draw(words)}" if source is SecretSource.FILE else draw(words)
        if name == "managedIdentity" and source is SecretSource.LITERAL:
            where = draw(st.sampled_from(["{}", '{"clientId": "x"}', '{"objectId": "y"}']))
        found[name] = SecretRef(source, where)
    return found


configs = st.builds(
    ScriptConfig,
    name=words,
    handler=st.sampled_from(HANDLERS),
    settings=public_settings(),
    protected=references(),
    force_update_tag=texts,
    auto_upgrade_minor=st.booleans(),
    provision_after=st.lists(texts, max_size=2).map(tuple),
    suppress_failures=st.booleans(),
    label=texts,
)

scripts = st.builds(
    Script,
    handler=st.sampled_from(HANDLERS),
    name=texts,
    label=texts,
    files=st.lists(st.builds(FileRef, filled, texts), max_size=3).map(tuple),
    command=texts,
    skip_dos2unix=st.booleans(),
    timestamp=st.none() | st.integers(),
    force_update_tag=texts,
    auto_upgrade_minor=st.booleans(),
    provision_after=st.lists(texts, max_size=2).map(tuple),
    suppress_failures=st.booleans(),
    settings=st.dictionaries(texts, json_values, max_size=2),
) | st.builds(Script, inline=filled, rerun=st.just(Rerun.WHEN_CHANGED))

events = st.lists(st.sampled_from(Hook().on), min_size=1, unique=True).map(tuple)
commands = st.lists(filled, min_size=1, max_size=2).map(tuple)
services = st.builds(ServiceRef, st.sampled_from(("SLACK", "MAIL_TO")))
hooks = st.builds(Hook, command=commands, on=events, timeout_seconds=st.integers(1, 600)) | st.builds(
    Hook, service=services, on=events, least=st.sampled_from(Urgency)
)

policies = st.fixed_dictionaries(
    {},
    optional={
        "mode": st.sampled_from(UpgradeMode),
        "steps": st.lists(st.builds(BatchStep, amounts, st.booleans()), min_size=1, max_size=4).map(tuple),
        "pause_seconds": seconds,
        "unhealthy_percent": st.integers(5, 100),
        "unhealthy_upgraded_percent": st.integers(0, 100),
        "failure_budget": amounts,
        "min_healthy_seconds": seconds,
        "batch_deadline_seconds": st.integers(60, 90_000),
        "soak_seconds": seconds,
        "cross_zone": st.booleans(),
        "prioritise_unhealthy": st.booleans(),
        "rollback_on_breach": st.booleans(),
        "surge": st.booleans(),
        "canary": st.lists(texts, max_size=2).map(tuple),
        "exclude": st.lists(texts, max_size=2).map(tuple),
        "gate": st.builds(ExternalGate, st.just(()), filled, st.integers(1, 600)),
        "restore_policy": st.booleans(),
        "suspend_repairs": st.booleans(),
        "health_wait_seconds": seconds,
        "hooks": st.lists(hooks, min_size=1, max_size=2).map(tuple),
    },
)


_times = st.builds("{:02}:{:02}".format, st.integers(0, 23), st.integers(0, 59))
windows = st.builds(
    Window,
    start=_times,
    end=_times,
    days=st.lists(st.sampled_from(DAYS), min_size=1, max_size=7).map(tuple),
    timezone=st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"]),
)
"""Windows that open at least once a week."""


_groups = st.builds(
    WaveGroup,
    name=texts,
    names=st.lists(texts, max_size=2).map(tuple),
    tags=st.dictionaries(texts, texts, max_size=2),
    regions=st.lists(texts, max_size=2).map(tuple),
    subscriptions=st.lists(texts, max_size=2).map(tuple),
    approve=st.booleans(),
    bake_seconds=seconds,
)
waves = st.builds(
    WaveRules,
    groups=st.lists(_groups, max_size=3).map(tuple),
    at_once=st.integers(1, 100),
    failed_instances=st.none() | amounts,
    failed_sets=st.none() | amounts,
    on_failed_set=st.sampled_from(OnFailedSet),
)


@st.composite
def profiles(draw: st.DrawFn) -> Profile:
    """A whole profile, not always a sensible one."""
    fields = draw(policies)
    refs = draw(references())
    literals = [name for name, ref in refs.items() if ref.source is SecretSource.LITERAL and name != "managedIdentity"]
    ids = st.builds(ScaleSetId, words, words, words)
    return Profile(
        name=draw(words),
        description=draw(texts),
        owner=draw(texts),
        base=draw(st.booleans()),
        targets=Targets(
            ids=tuple(draw(st.lists(ids, max_size=2))),
            match=tuple(draw(st.lists(texts, max_size=2))),
            tags=draw(st.dictionaries(texts, texts, max_size=2)),
        ),
        variables=tuple(
            Variable(name=name, help=draw(texts), default=draw(st.none() | texts), pattern=draw(texts))
            for name in draw(st.lists(texts, max_size=2, unique=True))
        ),
        script=draw(scripts),
        protected=refs,
        forced=frozenset(name for name in literals if draw(st.booleans())),
        policy=RolloutPolicy(**fields, window=draw(st.none() | windows)),
        policy_given=frozenset(fields),
        waves=draw(waves),
        report=ReportFields(why=draw(texts), ticket=draw(texts), require=tuple(draw(st.lists(texts, max_size=2)))),
        accept=tuple(draw(st.lists(texts, max_size=2))),
    )
