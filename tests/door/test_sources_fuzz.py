"""Parsers against payloads that were distorted, and against any JSON at all."""

import json
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot import sources
from bot.incident import Alert
from bot.incident.arm import arm_id
from bot.sources import NotAnAlert, Route, Unhandled
from tests.door.events import WORKSPACE
from tests.door.goldens import SAMPLES, route

FOUND = {path.stem: path.read_bytes() for path in sorted(SAMPLES.glob("*.json"))}
JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-3, 9)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20)
    | st.sampled_from(["2026-11-20T07:02:11Z", "Fired", "Sev1", WORKSPACE, "1e9"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=6,
)


@st.composite
def distorted(draw: st.DrawFn) -> tuple[Route, bytes]:
    """Return a real payload with some members replaced, removed or renamed."""
    name = draw(st.sampled_from(list(FOUND)))
    document = json.loads(FOUND[name])
    places = list(_places(document))
    for place, key in draw(st.lists(st.sampled_from(places), min_size=1, max_size=4)):
        if isinstance(place, dict) and draw(st.booleans()):
            place.pop(key, None)
        elif isinstance(place, dict) or key < len(place):
            place[key] = draw(JSON_VALUES)
    return route(name), json.dumps(document, allow_nan=False, default=str).encode()


def _places(value: Any) -> Any:
    """Yield every container of the document with every key of it."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value)
    for key, inner in pairs:
        yield value, key
        if isinstance(inner, dict | list):
            yield from _places(inner)


def _outcome(body: bytes, where: Route) -> tuple[bool, tuple[Alert, ...]]:
    try:
        return True, sources.read(where, body)
    except Unhandled as miss:
        return True, miss.alerts
    except NotAnAlert:
        return False, ()


@settings(max_examples=400, deadline=None)
@given(distorted())
def test_no_distortion_of_a_real_payload_surprises_us(
    delivery: tuple[Route, bytes],
) -> None:
    """
    What the door let in, the worker must be able to read: it has no sender to ask.
    """
    agreed(*delivery)


def agreed(where: Route, body: bytes) -> None:
    """Check that door and worker judge a body alike, and what the worker makes of it."""
    taken, alerts = _outcome(body, where)
    try:
        sources.check(where, body)
        admitted = True
    except NotAnAlert:
        admitted = False
    for alert in alerts:
        assert alert.fingerprint
        assert alert.starts_at.tzinfo is not None
        assert all(r == arm_id(r) for r in alert.resources)
        assert len(alert.title) <= 600
    assert taken == admitted


@settings(max_examples=200, deadline=None)
@example([], "events")
@example({"schemaId": "azureMonitorCommonAlertSchema", "data": "{}"}, "alerts")
@given(JSON_VALUES, st.sampled_from(["alerts", "events"]))
def test_any_json_at_all_is_an_answer(value: Any, where: Route) -> None:
    """
    Whatever it is, it is taken or refused in words, by door and worker alike.
    """
    agreed(where, json.dumps(value, default=str).encode())
