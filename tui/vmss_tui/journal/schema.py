"""Events as rows: kind, version, JSON body. Has the closed set of events; contains no SQL.

A kind is the snake_case name of its class. A journal written by a newer version still reads: an unknown event becomes a
note that says so.
"""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, get_args

import msgspec

from vmss_tui.domain.fleet.script import OPEN_SETTINGS, ScriptConfig, SecretRef, SecretSource
from vmss_tui.domain.plan.findings import Severity
from vmss_tui.domain.plan.rollout_plan import RolloutPlan
from vmss_tui.domain.plan.waves import WavesPlan
from vmss_tui.domain.rollout import events as e
from vmss_tui.domain.rollout.waves import events as w
from vmss_tui.journal.sealed_plans import sealed, sealed_waves
from vmss_tui.redact import redacted_value

VERSION = 1
"""Version of the event bodies that this program writes."""

AnyEvent = e.Event | w.WavesEvent
"""What a log of any kind may hold."""


def _decoders(*classes: type[Any]) -> dict[str, msgspec.json.Decoder[Any]]:
    return {e.kind_name(cls): msgspec.json.Decoder(cls) for cls in classes}


_DECODERS = _decoders(*get_args(e.Event))
_WAVES_DECODERS = _decoders(*get_args(w.WavesEvent))
_UNSEEN: dict[str, Any] = msgspec.to_builtins(e.InstanceSeen(id=""))


def encode(event: AnyEvent) -> tuple[str, bytes]:
    """Kind and JSON body of an event without secrets: without values of literals, the others redacted.

    The output of an instance was redacted when it was read; the address of an operation is needed to ask for it.
    """
    kind = e.kind_name(event)
    if isinstance(event, e.Planned | e.RollbackStarted):
        return kind, msgspec.json.encode(replace(event, plan=sealed(without_secrets(event.plan))))
    if isinstance(event, w.WavesPlanned):
        return kind, msgspec.json.encode(replace(event, plan=sealed_waves(_without_literals(event.plan))))
    if isinstance(event, e.InstancesSeen):
        return kind, msgspec.json.encode(_short(event))
    if isinstance(event, e.WriteAccepted):
        return kind, msgspec.json.encode(event)
    return kind, msgspec.json.encode(redacted_value(msgspec.to_builtins(event)))


def encode_signed(event: e.Planned | w.WavesPlanned) -> str | None:
    """The JSON body of a plan's event with signed addresses and the like in it; None when the plan has none."""
    if isinstance(event, w.WavesPlanned):
        waves = _without_literals(event.plan)
        return None if sealed_waves(waves) is waves else msgspec.json.encode(replace(event, plan=waves)).decode()
    whole = without_secrets(event.plan)
    return None if sealed(whole) is whole else msgspec.json.encode(replace(event, plan=whole)).decode()


def decode(kind: str, version: int, body: bytes | str) -> e.Event:
    """The event of a row; a `Noted` when a newer version wrote something that this one does not know.

    Raises ValueError for a body of our own version that does not fit its kind: the journal is damaged.
    """
    event: e.Event = _decoded(_DECODERS, kind, version, body)
    return event


def decode_waves(kind: str, version: int, body: bytes | str) -> w.WavesEvent:
    """The same for a row of a rollout over several sets."""
    event: w.WavesEvent = _decoded(_WAVES_DECODERS, kind, version, body)
    return event


def _decoded(decoders: dict[str, msgspec.json.Decoder[Any]], kind: object, version: object, body: object) -> Any:
    if not (isinstance(kind, str) and isinstance(version, int) and isinstance(body, str | bytes)):
        raise ValueError("a column has another type")
    decoder = decoders.get(kind)
    try:
        if decoder is not None:
            return decoder.decode(body)
    except (msgspec.ValidationError, msgspec.DecodeError, RecursionError) as problem:
        if version <= VERSION:
            raise ValueError(f"event {kind!r}: {problem}") from problem
    return e.Noted(f"an event of a newer version ({kind}) is not shown", Severity.WARN)


def without_secrets(plan: RolloutPlan) -> RolloutPlan:
    """The plan with the text of literal secrets removed; secrets stay named."""
    previous = plan.previous and _stripped(plan.previous)
    return replace(plan, script=_stripped(plan.script), previous=previous)


def _without_literals(plan: WavesPlan) -> WavesPlan:
    return replace(plan, script=plan.script and _stripped(plan.script))


def _stripped(script: ScriptConfig) -> ScriptConfig:
    secret = [
        name
        for name, ref in script.protected.items()
        if ref.source is SecretSource.LITERAL and name not in OPEN_SETTINGS
    ]
    nothing = SecretRef(SecretSource.LITERAL)
    return replace(script, protected={**script.protected, **dict.fromkeys(secret, nothing)}) if secret else script


def _short(event: e.InstancesSeen) -> dict[str, Any]:
    """A sighting without the fields at their defaults: a thousand instances take 100 KB, not 400."""
    plain: dict[str, Any] = msgspec.to_builtins(event)
    plain["changed"] = [
        {name: value for name, value in sighting.items() if name == "id" or value != _UNSEEN[name]}
        for sighting in plain["changed"]
    ]
    return plain


def stamp(at: datetime) -> str:
    """A time as it is stored: RFC 3339 in UTC, so that text order is time order."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def moment(text: str) -> datetime:
    """The time of a stored stamp."""
    return datetime.fromisoformat(text)
