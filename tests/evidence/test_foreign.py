"""What somebody put into an alert rule, a dimension, a property: kept without secrets."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot import sources
from bot.evidence import policy
from bot.incident import Alert, AlertReceived
from bot.store import codec
from bot.store.records import Route

NOW = datetime(2026, 11, 23, 9, 14, tzinfo=UTC)
ALERTS = sorted((Path(__file__).parents[1] / "fixtures" / "alerts").glob("*.json"))
TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJjYW5hcnkifQ.Q2FuYXJ5"
PLANTED = {
    "Q2FuYXJ5": f"Bearer {TOKEN}",
    "CanarySig": "https://a.blob.core.windows.net/c/x?sv=2024&sig=CanarySig%2Bab&se=9",
    "CanaryKey": f"AccountKey={('CanaryKey0' * 9)[:86]}==",
    "canary.person": "canary.person@patients.example",
    "CanaryPw": "postgresql://db:CanaryPw@db.example/x",
    "Canary-Pa55": 'password="Canary-Pa55word"',
    "MIICanary": "-----BEGIN PRIVATE KEY-----\nMIICanary\n-----END PRIVATE KEY-----",
}


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if isinstance(value, dict):
        for key, each in value.items():
            yield from leaves(each, (*path, key))
    elif isinstance(value, list):
        for place, each in enumerate(value):
            yield from leaves(each, (*path, place))
    elif isinstance(value, str):
        yield path


def planted(document: Any, path: tuple[Any, ...], words: str) -> bytes:
    """Return the document with `words` behind the text at `path`."""
    copy = json.loads(json.dumps(document))
    holder = copy
    for step in path[:-1]:
        holder = holder[step]
    holder[path[-1]] += f" {words}"
    return json.dumps(copy).encode()


def read(route: Route, body: bytes) -> tuple[tuple[Alert, ...], str]:
    try:
        return sources.read(route, body, NOW), ""
    except sources.Unhandled as miss:
        return miss.alerts, miss.reason
    except sources.NotAnAlert as error:
        return (), str(error)


@pytest.mark.parametrize("file", ALERTS, ids=lambda file: file.stem)
def test_no_field_of_a_call_carries_a_secret_into_the_history(file: Path) -> None:
    """
    A packet holds the alert as it was read, so it has to be clean before it is kept.
    """
    document = json.loads(file.read_bytes())
    route: Route = "alerts" if file.name.startswith(("cas", "legacy")) else "events"
    every = " ".join(PLANTED.values())
    heard = 0
    for path in leaves(document):
        alerts, why = read(route, planted(document, path, every))
        heard += any(mark in str(alerts) + why for mark in PLANTED)
        kept = [
            codec.dump(AlertReceived(at=NOW, alert=policy.alert(each), delivery="d"))
            for each in alerts
        ]
        for text in (*kept, policy.reason(why)):
            for mark in PLANTED:
                assert mark not in text, (path, text)
    assert heard or "validation" in file.name


@pytest.mark.parametrize("file", ALERTS, ids=lambda file: file.stem)
def test_an_honest_alert_stays_as_it_is(file: Path) -> None:
    """
    A fingerprint, an id or a number that is taken for a secret would tear it apart.
    """
    route: Route = "alerts" if file.name.startswith(("cas", "legacy")) else "events"
    alerts, _ = read(route, file.read_bytes())

    assert [*map(policy.alert, alerts)] == [*alerts]


def test_two_fingerprints_that_hold_a_secret_stay_two() -> None:
    file = next(f for f in ALERTS if f.stem == "cas_metric_aml_latency_p95")
    [alert], _ = read("alerts", file.read_bytes())
    first, other = (
        policy.alert(_with(alert, f"x password={word}")) for word in ("one", "two")
    )

    assert first.fingerprint != other.fingerprint
    assert first == policy.alert(_with(alert, "x password=one"))
    assert first.fingerprint == policy.fingerprint("x password=one"), "Azure's list"


def _with(alert: Alert, fingerprint: str) -> Alert:
    return type(alert)(
        **{name: getattr(alert, name) for name in alert.__slots__}
        | {"fingerprint": fingerprint}
    )
