"""What the service tells about itself: figures, logs without secrets, traces."""

import asyncio
import gc
import json
import logging
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from bot import running
from bot.observe import logs
from bot.observe.figures import Lately
from tests.deploy.conftest import CANARY, Running, until

DEPLOY = Path(__file__).parents[2] / "deploy"


def figures(demo: Running) -> dict[str, float]:
    """Return the samples of /metrics by name and labels."""
    status, body = demo.ask("/metrics")
    assert 200 == status
    samples = re.findall(r"(?m)^(watchkeeper_\w+(?:{[^}]*})?) (\S+)$", body.decode())
    return {name: float(value) for name, value in samples}


def test_a_card_is_counted_and_timed(demo: Running) -> None:
    """
    The first question in an outage of ours: do alerts come in, and how late are cards?
    """
    rows = 'watchkeeper_query_seconds_count{kind="taken",outcome="done"}'
    until("the card's figures", 60, lambda: figures(demo).get(rows))
    found = figures(demo)

    assert found['watchkeeper_accepted_total{route="events"}'] >= 1
    assert found["watchkeeper_card_seconds_sum"] < 120
    assert found["watchkeeper_parked"] == 0
    assert found["watchkeeper_outbox_age_seconds"] < 120
    assert found["watchkeeper_log_size"] >= 1
    assert found["watchkeeper_loop_lag_seconds"] >= 0
    assert found["watchkeeper_card_seconds_count"] >= 1
    heads = [name for name in found if name.startswith("watchkeeper_log_head{root=")]
    assert [64] == [len(name.split('"')[1]) for name in heads]


def test_prometheus_own_parser_takes_the_page(demo: Running) -> None:
    """
    A page that it refuses whole leaves every rule without figures.
    """
    status, body = demo.ask("/metrics")
    families = list(text_string_to_metric_families(body.decode()))

    assert 200 == status
    types = {family.name: family.type for family in families}
    assert "counter" == types["watchkeeper_accepted"]
    assert "histogram" == types["watchkeeper_card_seconds"]
    assert "gauge" == types["watchkeeper_outbox_age_seconds"]
    assert len(types) == len(families)  # each name once
    assert all(f.documentation for f in families if f.name.startswith("watchkeeper_"))
    assert {"unknown"}.isdisjoint(types.values())


def test_what_is_refused_is_counted_by_reason(demo: Running) -> None:
    status, _ = demo.ask("/api/alerts", b"{", {"Content-Type": "application/json"})

    assert 400 == status
    assert (
        figures(demo)['watchkeeper_refused_total{reason="not an alert",route="alerts"}']
        >= 1
    )


def test_no_planted_token_reaches_the_log(demo: Running) -> None:
    """
    At DEBUG, in a header, a query, a body and a bad path; in both programs' logs.
    """
    for path in (
        f"/api/alerts?code={CANARY}",
        f"/api/events?sig={CANARY}",
        f"/api/messages?token={CANARY}",
        f"/evidence/{CANARY}",
    ):
        demo.ask(
            path,
            json.dumps({"access_token": CANARY}).encode() if "api" in path else None,
            {"Authorization": f"Bearer {CANARY}", "Content-Type": "application/json"},
        )
    lines = [*demo.log(), *demo.log("execute")]

    assert any("/api/messages" in line["message"] for line in lines)
    assert [] == [line for line in lines if "canary" in json.dumps(line)]


def test_one_trace_leads_from_the_call_to_the_card(demo: Running) -> None:
    """
    The parts run minutes and processes apart; one id has to join them.
    """

    def traces() -> dict[str, set[str]]:
        found: dict[str, set[str]] = {}
        for line in demo.log():
            if seen := re.match(r"trace (\w{32}) ([\w ]+) [\d.]+ ms", line["message"]):
                found.setdefault(seen[1], set()).add(seen[2])
        return found

    whole = {"accept", "take in", "EvaluateSignals", "ShowCard"}

    def joined() -> list[str]:
        return [trace for trace, names in traces().items() if whole <= names]

    assert until("the trace", 60, joined)


def test_a_stall_is_told_until_every_line_has_had_it() -> None:
    """
    The line of figures is written once a minute; the stall must not be forgotten by then.
    """
    lately = Lately(60)
    told = {at: lately.longest(0.4 if at == 31 else 0.01, at) for at in range(30, 200)}

    assert {at for at in told if 31 <= at <= 91} <= {
        at for at, longest in told.items() if longest == 0.4
    }
    assert 0.01 == told[102]


async def test_what_is_imported_is_no_more_gone_through() -> None:
    """
    Python's collector held up the loop for 0.1 to 0.3 s of CPU each time; also where the
    warming was cut short, since what was imported until then is there to stay.
    """

    async def cut_short() -> None:
        raise asyncio.CancelledError

    try:
        with pytest.raises(asyncio.CancelledError):
            await running.warmed(cut_short)
        frozen = gc.get_freeze_count()
    finally:
        gc.unfreeze()

    assert frozen > 10_000


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"token {CANARY} refused", "token [redacted] refused"),
        ("Authorization: Bearer abc.def", "Authorization: Bearer [redacted]"),
        ("{'Authorization': 'xyz123'}", "{'Authorization': '[redacted]'}"),
        (
            '{"client_secret": "s3cr3t", "a": 1}',
            '{"client_secret": "[redacted]", "a": 1}',
        ),
        ("AccountKey=abc==;Endpoint=x", "AccountKey=[redacted];Endpoint=x"),
        ("GET /x?a=1&sig=abc%3D HTTP", "GET /x?a=1&sig=[redacted] HTTP"),
        ("postgresql://me:pass@db/x", "postgresql://me:[redacted]@db/x"),
        ("INC-1 was opened: code 403", "INC-1 was opened: code 403"),
    ],
)
def test_redaction(text: str, shown: str) -> None:
    assert shown == logs.redact(text)


@given(st.text(), st.text())
def test_a_line_stays_a_line(before: str, after: str) -> None:
    """
    Whoever can put a line break into our log can put words into our mouth.
    """
    record = logging.LogRecord("x", 20, "", 1, "%s %s", (before, after), None)
    line = logs.Json().format(record)

    assert not {"\n", "\r"} & set(line)
    assert json.loads(line)["level"] == "INFO"


def test_rules_and_workbook_ask_for_figures_that_exist() -> None:
    """
    A query for a figure that nobody writes is always quiet.
    """
    rules: Any = json.loads((DEPLOY / "ourselves.json").read_text("utf-8"))
    book = json.loads((DEPLOY / "workbook.json").read_text("utf-8"))
    queries = [rule["query"] for rule in rules] + [
        item["content"]["query"] for item in book["items"] if "query" in item["content"]
    ]
    asked = {name for query in queries for name in re.findall(r"\bf\.(\w+)", query)}

    assert asked <= {
        "new", "due", "parked", "accepted", "refused", "throttled", "card_s", "oldest_s",
        "loop_lag_s", "log_size", "anchor_failed",
    }  # fmt: skip
