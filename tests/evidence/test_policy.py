"""What must not be kept or shown: columns, rare categories, secrets in logs."""

import json
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from bot import evidence, signals
from bot.evidence import bundle, policy
from bot.evidence.tables import tables
from bot.incident import EvidenceCollected, SignalsEvaluated
from bot.ports import Windows
from bot.watch import Disclosure
from bot.worker.rows import disclosed
from cards import evidence as card
from tests.cards import samples

CANARY = "Zyzzyva-Kanari"
SECRET = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJjYW5hcnkifQ.c2lnbmF0dXJlLWNhbmFyeQ"
RULE = Disclosure(protected=("Ethnicity",))


def windows() -> Windows:
    """Drifted rows with a protected column and a name that three people share."""
    chance = np.random.default_rng(18)
    sides = []
    for shift in (0, 2):
        town = chance.choice(["Oslo", "Bergen"], 2000).astype(object)
        town[:3] = CANARY
        columns = {
            "town": town,
            "ethnicity": chance.choice([f"{CANARY}-a", f"{CANARY}-b"], 2000),
            "income": chance.normal(shift, 1, 2000),
        }
        sides.append(pa.table({k: pa.array(list(v)) for k, v in columns.items()}))
    return Windows(
        reference=sides[0],
        production=sides[1],
        reference_name="reference:1",
        production_name="production:1",
        reference_window=None,
        production_window=None,
    )


def judged() -> signals.Report:
    endpoint: Any = SimpleNamespace(disclosure=RULE)
    shown, left_out = disclosed(windows(), endpoint)
    assert 1 == left_out
    rules = [signals.Rule(metric="JensenShannonDistance", threshold=0.1)]
    found = signals.evaluate(shown.reference, shown.production, rules)
    assert CANARY in str(found)  # the engine itself names what it sees
    return policy.report(found, RULE)


def test_a_planted_value_reaches_no_card_row_packet_or_page() -> None:
    """
    Three people of one town are found by its name; a protected attribute is never read.
    """
    event = SignalsEvaluated(at=samples.after(1), report=judged())
    incident = samples.incident(*samples.HISTORIES["firing"][:1], event)
    view = bundle.plain_view(incident)
    listed = samples.view("firing")
    shown = card.render(type(listed)(**_fields(listed) | {"incident": incident}))

    everything = [
        str(event),
        json.dumps(shown.card) + shown.text,
        evidence.page(view),
        json.dumps(evidence.packet(incident)),
        *(content.decode() for content in tables(view).values()),
    ]
    assert any("town" in text for text in everything)
    for text in everything:
        assert CANARY not in text
        assert "ethnicity" not in text.lower()


def _fields(view: Any) -> dict[str, Any]:
    return {name: getattr(view, name) for name in view.__slots__}


def test_logs_keep_allowed_columns_and_blank_secrets() -> None:
    names = ["deployment", "reason", "ClientIp"]
    found = policy.log_rows(names, [("blue", f"Bearer {SECRET}", "203.0.113.7")])

    assert ["deployment", "reason"] == found[0]
    assert ["ClientIp"] == found[2]
    assert SECRET not in str(found)
    assert "203.0.113.7" not in str(found)


def test_tags_lose_secrets() -> None:
    assert SECRET not in str(policy.tags({"note": f"Bearer {SECRET}"}))


def test_an_allow_list_leaves_out_all_else() -> None:
    rule = Disclosure(columns=("income", "town"), protected=("Town",))

    assert ["income"] == policy.columns(["income", "town", "age"], rule)


def test_fewer_than_twenty_can_not_be_set() -> None:
    with pytest.raises(ValidationError):
        Disclosure(least_count=5)


counts = st.lists(
    st.tuples(st.integers(0, 60), st.integers(0, 60)), min_size=1, max_size=8
)


@given(counts)
def test_what_is_joined_still_holds_every_row(every: list[tuple[int, int]]) -> None:
    totals = [max(1, sum(side)) for side in zip(*every, strict=True)]
    shape = signals.Shape(
        bins=tuple(f"name-{i}" for i in range(len(every))),
        reference=tuple(b / totals[0] for b, _ in every),
        production=tuple(n / totals[1] for _, n in every),
    )
    result = signals.FeatureResult(
        feature="town", data_type="Categorical", metric="JensenShannonDistance",
        value=0.2, threshold=0.1, breached_when="above", verdict="breached",
        reference_count=totals[0], production_count=totals[1], shape=shape,
    )  # fmt: skip
    [kept] = policy.report(_report(result), RULE).results

    assert kept.shape is not None
    assert sum(shape.reference) == pytest.approx(sum(kept.shape.reference))
    assert sum(shape.production) == pytest.approx(sum(kept.shape.production))
    rare = {f"name-{i}" for i, (b, n) in enumerate(every) if max(b, n) < 20}
    assert not rare & set(kept.shape.bins)
    assert not any(name in kept.where for name in rare)


def _report(result: signals.FeatureResult) -> signals.Report:
    return signals.Report(
        signal="data-drift", mode="sound", verdict="breached", sentence="town moved.",
        results=(result,), reference_rows=1, production_rows=1,
    )  # fmt: skip


def test_old_rows_without_the_new_fields_are_read() -> None:
    at = datetime(2026, 11, 23, tzinfo=UTC)
    event = EvidenceCollected(at=at, endpoint="e", digests={})

    assert (0, {}, "") == (event.of, event.missing, event.build)


def test_azures_own_document_names_nobody() -> None:
    """
    ARM writes a mail address or a name into systemData; object ids stay, as elsewhere.
    """
    found = policy.document(
        {
            "systemData": {
                "createdBy": "p.raman@contoso.example",
                "createdByType": "User",
                "lastModifiedBy": "",
            },
            "properties": {
                "description": "ask anna@contoso.co.uk, password=hunter2",
                "traffic": {"blue": 90},
                "list": [None, True, 1.5, "b@c.de"],
            },
            "identity": {"principalId": "44444444-aaaa-4bbb-8ccc-000000000004"},
        }
    )

    system = {"createdBy": "[left out]", "createdByType": "User", "lastModifiedBy": ""}
    assert system == found["systemData"]
    said = "ask [left out], password=[removed]"
    assert said == found["properties"]["description"]
    assert {"blue": 90} == found["properties"]["traffic"]
    assert [None, True, 1.5, "[left out]"] == found["properties"]["list"]
    assert "44444444-aaaa" in found["identity"]["principalId"]
