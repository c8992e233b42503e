"""Twenty rows or no name; no protected column in any form; old rows blanked when shown."""

import asyncio
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from bot import evidence, signals
from bot.evidence import bundle, policy
from bot.evidence.sealed import Record, Sealed
from bot.evidence.tables import tables
from bot.evidence.zipped import unpack
from bot.incident import (
    AlertReceived,
    Event,
    Incident,
    Noted,
    Reading,
    SignalsEvaluated,
)
from bot.ports import Windows
from bot.signals.page import page as report_page
from bot.store import codec
from bot.store.schema import micros
from bot.watch import Disclosure, Endpoint
from bot.worker.rows import compared
from cards import evidence as card
from tests.cards import samples
from tests.conftest import NOW
from tests.evidence.conftest import PRIYA
from tests.incidents import ENDPOINT, received

NAME = "Zyzzyva-Kanari"
PROTECTED = "Qoph-Geschuetzt"
SECRET = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJjYW5hcnkifQ.c2lnbmF0dXJlLWNhbmFyeQ"
ROWS = 600


def windows(before: int, now: int) -> Windows:
    """Rows of which `before` and `now` have a name; theirs are the incomes that shift."""
    chance, sides = np.random.default_rng(18), []
    for shift, count in ((0, before), (2, now)):
        town, said, sex = (
            chance.choice(list(two), ROWS).astype(object)
            for two in (("Oslo", "Bergen"), ("yes", "no"), ("f", "m"))
        )
        town[:count] = said[:count] = NAME
        sex[:count] = PROTECTED
        income = chance.normal(0, 1, ROWS)
        income[:count] += 4 * shift
        columns = {"town": town, "decision": said, "sex": sex, "income": income}
        sides.append(pa.table({k: pa.array(list(v)) for k, v in columns.items()}))
    start = datetime(2026, 11, 20, tzinfo=UTC)
    return Windows(
        reference=sides[0],
        production=sides[1],
        reference_name="reference:1",
        production_name="production:1",
        reference_window=None,
        production_window=None,
        hours=tuple((start + timedelta(hours=n), ROWS // 4) for n in range(4)),
    )


def watched(**more: Any) -> Endpoint:
    drift = {"signal": "data-drift", "metric": "JensenShannonDistance"}
    quality = {"signal": "data-quality", "metric": "OutOfBoundsRate", "threshold": 0.0}
    given: dict[str, Any] = {
        "id": ENDPOINT,
        "owner": "Priya Raman",
        "channel": "model-alerts",
        "disclosure": {"protected": ["Sex"]},
        "segments": ["town"],
        "predictions": ["decision"],
        "signals": [{**drift, "threshold": 0.01}, quality],
    }
    return Endpoint(**given | more)


def rendered(report: signals.Report) -> dict[str, str]:
    """Return all that is made of a report, by what it is."""
    event = SignalsEvaluated(at=samples.after(1), report=report)
    incident = samples.incident(*samples.HISTORIES["firing"][:1], event)
    view, listed = bundle.plain_view(incident), samples.view("firing")
    fields = {name: getattr(listed, name) for name in listed.__slots__}
    shown = card.render(type(listed)(**fields | {"incident": incident}))
    return {
        "event": str(event),
        "card": json.dumps(shown.card) + shown.text,
        "page": evidence.page(view),
        "owner's page": evidence.page(view, rendering="owner"),
        "packet": json.dumps(evidence.packet(incident)),
        "report": report_page(report),
        **{name: content.decode() for name, content in tables(view).items()},
    }


@pytest.mark.parametrize(
    ("before", "now", "named"),
    [
        (19, 19, False), (0, 19, False), (19, 0, False),
        (20, 0, True), (0, 20, True), (20, 20, True), (21, 21, True),
    ],
)  # fmt: skip
def test_a_category_has_a_name_from_twenty_rows_on(
    before: int,
    now: int,
    named: bool,  # noqa: FBT001 a case of the test
) -> None:
    """
    In shapes, in the sentence about segments, in predictions: nineteen can be a ward.
    """
    report, left_out = asyncio.run(compared(windows(before, now), watched()))
    told = rendered(report)

    assert 1 == left_out
    assert named == (NAME in told["event"])
    for what, text in told.items():
        assert named or NAME not in text, what
        assert PROTECTED not in text, what
        assert "sex" not in text.lower(), what
    assert (min(before, now) >= 20) == any(NAME in line for line in report.explained)
    few = "By town: fewer than 20 rows have what the shift of income is in"
    assert (before == now == 19) == (few in report.explained)


@pytest.mark.parametrize(
    "named",
    [
        {"segments": ["SEX"]},
        {"predictions": ["sex", "decision"]},
        {"target": "sex"},
        {
            "signals": [
                {
                    "signal": "data-drift",
                    "metric": "js",
                    "threshold": 1,
                    "columns": ["sex"],
                }
            ]
        },
    ],
)
def test_a_rule_about_a_protected_column_is_refused(named: dict[str, Any]) -> None:
    """
    It was never read, and "By sex: cannot tell" stood on the card.
    """
    with pytest.raises(
        ValidationError, match="names a column that disclosure protects"
    ):
        watched(**named)


def test_an_alert_that_names_a_protected_column_is_kept_without_it() -> None:
    """
    Azure's own monitor may watch the column; its alert says so in four places.
    """
    given = received().alert
    told = replace(
        given,
        title="Drift of SEX above 0.1",
        description="sex moved; Sussex and sexton did not",
        readings=(Reading(metric="js", feature="sex", value=0.3, threshold=0.1),),
        labels={"feature": "sex", "sex": "f", "team": "risk"},
    )
    kept = policy.unprotected(told, Disclosure(protected=("Sex",)))

    assert "Drift of [left out] above 0.1" == kept.title
    assert "[left out] moved; Sussex and sexton did not" == kept.description
    assert ["[left out]"] == [one.feature for one in kept.readings]
    assert {"feature": "[left out]", "team": "risk"} == kept.labels
    assert told == policy.unprotected(told, Disclosure())


def old() -> Incident:
    """A history of a version that kept an alert's text as it came."""
    alert = replace(
        received().alert,
        title=f"ask anna@contoso.example, Bearer {SECRET}",
        description="call +49 151 2345 6789, password=Kanari1",
        labels={"note": "pan 4111 1111 1111 1111"},
    )
    first = AlertReceived(at=NOW, alert=alert, delivery="d-1")
    note = Noted(at=NOW, by=PRIYA, text="the vendor uses password=Kanari2")
    return Incident(id="A-1", group_key="g", endpoint=ENDPOINT, history=(first, note))


def _row(key: str, seq: int, event: Event) -> list[Any]:
    return [key, seq, type(event).__name__, 1, micros(event.at), codec.dump(event)]


def test_what_an_older_version_kept_is_blanked_when_it_is_shown() -> None:
    """
    Rows are never changed, so the text is there for good: no rendering may show it.
    """
    incident = old()
    view = bundle.plain_view(incident)
    plain = replace(view, incident=incident)  # as the service makes one
    records = tuple(
        Record(text=json.dumps(_row(incident.id, n, event)), position=None)
        for n, event in enumerate(incident.history, 1)
    )
    sealed = Sealed(
        records=records, head=None, index=((incident.id, incident.endpoint, "g"),)
    )
    span = (NOW - timedelta(days=1), NOW + timedelta(days=1))
    pack = unpack(bundle.of_model(sealed, {}, None, model="loan", period=span))
    told = {
        "page": evidence.page(plain),
        "owner's page": evidence.page(plain, rendering="owner"),
        "packet": json.dumps(evidence.packet(incident)),
        **{name: content.decode() for name, content in tables(view).items()},
        **{n: c.decode() for n, c in pack.items() if n != bundle.PROOF},
    }

    for what, text in told.items():
        for canary in (SECRET, "Kanari1", "Kanari2", "anna@", "4111", "2345"):
            assert canary not in text, f"{canary} in {what}"
    assert "ask [left out], Bearer [removed]" in told["page"]


@settings(max_examples=40)
@given(st.text(max_size=60), st.sampled_from(["", "a@b.example ", f"Bearer {SECRET} "]))
def test_what_was_blanked_once_stays_as_it_is(text: str, more: str) -> None:
    """
    Else the packet of a new history would not be that of its records.
    """
    given = replace(received().alert, title=more + text, rule=text, fingerprint=text)
    once = policy.alert(given)

    assert once == policy.alert(once)
