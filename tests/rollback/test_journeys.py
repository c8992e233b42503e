"""What people do around a rollback: look, freeze, take back, decide, undo."""

import asyncio
import json
import sys
from datetime import datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest

from bot.evidence.shelf import digest, restricted_name
from bot.incident import Health
from bot.signals import FeatureResult, Report
from bot.signals.serving import Served, judge
from bot.worker.watch import drifted_more, worse
from tests.conftest import NOW
from tests.house import QUIET, House, Opened
from tests.story.remote import until

NAME = "loan-prescreening"


async def test_an_endpoint_without_an_alert_can_be_rolled_back(house: House) -> None:
    await house.say("jonas", f"rollback {NAME} the release was a mistake")
    await house.shown("Approval needed")
    await house.say("mei", "approve R-1")

    card = await house.shown("Rolled back")

    assert "until Azure resolves" not in str(card)
    assert {"green": 100} == await house.traffic()
    assert "resolved" == (await house.incident())["status"]


async def test_a_deployment_is_known_in_any_letter_case(house: House) -> None:
    """
    Azure keeps the case that a deployment was made with; people and lists do not.
    """
    path = f"{house.watch.endpoints[0].id}/deployments/green"
    made = house.world.get("arm", path) or {}
    house.world.put("arm", path, {**made, "name": "Green"})
    await house.say("jonas", f"rollback {NAME} to GREEN the release was a mistake")
    card = await house.shown("Approval needed")
    await house.press("mei", "Approve rollback")

    await house.shown("Rolled back")

    assert "Green is deployed (Succeeded)" in str(card)
    assert {"green": 100} == await house.traffic()
    assert 1 == len(house.requests("PUT", "onlineendpoints"))


async def test_a_request_without_an_alert_ends_as_what_it_was(house: House) -> None:
    """
    Nothing had fired, so the card must not say that Azure resolved it.
    """
    await house.say("jonas", f"rollback {NAME} the release was a mistake")
    await house.shown("Approval needed")
    await house.press("mei", "Reject rollback", reason="14 is fine")

    card = str(await house.shown("R-1: nothing was moved"))

    assert "R-1 was rejected by Mei Chen" in card
    assert "Ask again" in card
    assert "Azure resolved" not in card


async def test_what_azure_said_is_kept_under_its_digest(house: House) -> None:
    """
    The request names the SHA-256 of Azure's own document; its bytes lie on the shelf,
    apart, since they name people. What a packet holds of them names nobody.
    """
    path = house.watch.endpoints[0].id
    made = house.world.get("arm", path) or {}
    house.world.put(
        "arm", path, made | {"systemData": {"createdBy": "p@contoso.example"}}
    )
    await house.say("jonas", f"rollback {NAME} the release was a mistake")
    await house.shown("Approval needed")
    asked = await house.event("RollbackRequested")

    named = asked["captured"]["digest"]
    shelf = Path(house.settings.evidence_url)
    raw = (shelf / restricted_name(named)).read_bytes()
    wanted = {"Accept": "application/zip"}
    url = f"{house.bot}/evidence/A-1"
    async with house.session.get(url, headers=wanted) as answer:
        packet = ZipFile(BytesIO(await answer.read()))
    kept = json.loads(packet.read(f"objects/{asked['kept']}"))

    assert named == digest(raw) == kept["raw_sha256"]
    body = json.loads(raw)
    assert {"blue": 90, "green": 10} == body["properties"]["traffic"]
    assert {"kind", "systemData"} <= set(body)
    assert body | {"systemData": {"createdBy": "[left out]"}} == kept["document"]
    everything = b"".join(packet.read(name) for name in packet.namelist())
    assert b"p@contoso.example" not in everything
    assert b"p@contoso.example" in raw


def lying(shelf: Path, pattern: str, words: bytes = b"") -> list[str]:
    """Return the names of what lies on the shelf and holds these words."""
    files = [p for p in shelf.rglob(pattern) if p.is_file()]
    return [p.name for p in files if words in p.read_bytes()]


async def test_only_what_a_request_names_lies_on_the_shelf(house: House) -> None:
    """
    Azure's document names people: no copy of it may be left that no record leads to.
    """
    shelf = Path(house.settings.evidence_url)
    await house.say("jonas", f"rollback {NAME} to pink there is no such thing")
    await house.told("pink is not deployed")
    assert [] == lying(shelf, "restricted/*/*")

    await house.say("jonas", f"rollback {NAME} once")
    first = await house.event("RollbackRequested", "A-2")
    await house.say("jonas", f"withdraw {first['request']}")
    await house.event("RollbackRejected", "A-2")
    await house.say("jonas", f"rollback {NAME} and once more")

    asked = await house.event("RollbackRequested", "A-3")
    assert [asked["captured"]["digest"]] == lying(shelf, "restricted/*/*")
    assert [asked["kept"]] == lying(shelf, "objects/*/*", b"raw_sha256")


async def test_a_request_outlives_its_incident(build: Opened) -> None:
    """
    Azure resolved the alert while people decide: the endpoint is still asked about.
    """
    house = await build(endpoint={**QUIET, "tier": 3})
    await house.alert()
    await house.press("jonas", "Request rollback", reason="13 copes")
    await house.shown("Approval needed")
    await house.alert(status="resolved")
    await until("its end", house.incident, lambda i: i["status"] == "resolved")

    await house.say("priya", f"rollback {NAME} the same from me")

    await house.told("R-1 on A-1 already waits for approval")
    assert "RollbackRequested" not in await house.types("A-2")


async def test_a_lock_stops_requests_and_approvals(house: House) -> None:
    await house.alert()
    await house.press("jonas", "Request rollback", reason="13 copes")
    await house.shown("Approval needed")
    await house.say("priya", f"lock {NAME} month end")
    await house.told(f"Noted on {NAME}: lock")

    refusal = await house.press("mei", "Approve rollback")
    assert "Priya Raman locked the endpoint" in refusal["value"]
    assert "month end" in refusal["value"]

    await house.say("jonas", f"unlock {NAME} no right to")
    await house.told("You cannot unlock here")
    await house.say("priya", f"unlock {NAME} month end is over")
    await house.told(f"Noted on {NAME}: unlock")
    await house.press("mei", "Approve rollback")
    await house.shown("Rolled back")


async def test_who_asked_takes_it_back_until_it_begins(house: House) -> None:
    await house.alert()
    await house.press("jonas", "Request rollback", reason="13 copes")
    await house.shown("Approval needed")
    await house.stop("execute")
    await house.say("priya", "withdraw R-1 not mine")
    await house.told("Only Jonas Weber can withdraw R-1")
    await house.press("mei", "Approve rollback")
    await house.event("RollbackApproved")

    await house.say("jonas", "withdraw R-1 13 fails too")
    await house.shown("R-1 was withdrawn by Jonas Weber")
    await house.start("execute")
    await asyncio.sleep(0.5)

    assert "ShiftStarted" not in await house.types()
    assert 0 == len(house.requests("PUT", "onlineendpoints"))


async def test_an_approval_that_nobody_carried_out_dies_with_its_hour(
    build: Opened,
) -> None:
    house = await build(endpoint={**QUIET, "approval": {"valid_minutes": 0.25}})
    await house.alert()
    await house.press("jonas", "Request rollback", reason="13 copes")
    await house.shown("Approval needed")
    await house.stop("execute")
    await house.press("mei", "Approve rollback")
    await asyncio.sleep(15.5)

    await house.start("execute")

    card = await house.shown("Not rolled back")
    assert "nothing was changed: R-1 expired" in str(card)
    assert 0 == len(house.requests("PUT", "onlineendpoints"))


async def test_afterwards_is_compared_and_can_be_undone(build: Opened) -> None:
    house = await build(endpoint={**QUIET, "watch_minutes": 0.02})
    await house.alert()
    await house.press("jonas", "Request rollback", reason="13 copes")
    await house.shown("Approval needed")
    await house.press("mei", "Approve rollback")
    await house.event("OutcomeWatched")

    await house.say("jonas", "undo R-1 13 is worse")
    await house.shown("R-2")
    await house.say("mei", "approve R-2")
    await house.event("TrafficShifted")

    async def traffic() -> bool:
        return await house.traffic() == {"blue": 90, "green": 10}

    for _ in range(100):
        if await traffic():
            break
        await asyncio.sleep(0.1)
    assert await traffic()
    assert 2 == len(house.requests("PUT", "onlineendpoints"))


async def test_traffic_that_is_moved_by_hand_meanwhile_is_told_not_undone(
    build: Opened,
) -> None:
    house = await build(endpoint={**QUIET, "watch_minutes": 1})
    await house.alert()
    await house.press("jonas", "Request rollback", reason="13 copes")
    await house.shown("Approval needed")
    await house.press("mei", "Approve rollback")
    moved = await house.event("TrafficShifted")
    await house.sim_post("azure/traffic", traffic={"blue": 50, "green": 50})

    watched = await house.event("OutcomeWatched")
    took = datetime.fromisoformat(watched["at"]) - datetime.fromisoformat(moved["at"])
    assert took < timedelta(seconds=60), "only when the minute was over"
    card = await house.shown("Changed since")
    await house.told("There is nothing of R-1 to undo")
    await house.say("jonas", "undo R-1 13 is worse")
    await house.told("as R-1 left it")

    assert "traffic is blue 50%, green 50% by now" == watched["moved_on"]
    assert "Undo rollback" not in str(card)
    assert 1 == len(house.requests("PUT", "onlineendpoints"))
    assert {"blue": 50, "green": 50} == await house.traffic()


async def test_what_is_not_known_is_accepted_by_who_approves(build: Opened) -> None:
    """
    Azure gives no figures of green, so nobody can say that it is healthy.
    """
    house = await build(endpoint=QUIET)
    path = "deployments/green/providers/microsoft.insights/metrics"
    await house.fail("GET", path, times=99, status=404)
    await house.say("jonas", f"rollback {NAME} to green 13 copes")
    card = await house.shown("Approval needed")
    await house.press("mei", "Approve rollback", card="Approval needed")
    approved = await house.event("RollbackApproved")
    await house.told("Accepted: how green serves is not known")
    await house.shown("Rolled back")

    assert "1 check has not passed" in str(card)
    assert ["health"] == approved["accepted"]


async def test_what_failed_is_approved_by_name_or_not_at_all(build: Opened) -> None:
    house = await build(endpoint=QUIET)
    await house.sim_post("azure/metrics", deployment="green", errors=0.4, since_min=60)
    await house.say("jonas", f"rollback {NAME} to green 13 copes")
    await house.shown("Approval needed")
    answer = await house.press("mei", "Approve rollback", card="Approval needed")
    await house.say("mei", "approve R-1")
    await house.told("type: approve R-1 anyway")

    assert "tick the box" in str(answer)
    assert "RollbackApproved" not in await house.types()

    await house.press("mei", "Approve rollback", card="Approval needed", accepts="true")
    approved = await house.event("RollbackApproved")
    await house.told("Accepted: green answered with")
    await house.shown("Rolled back")
    assert "health" in approved["accepted"]


@pytest.mark.parametrize(
    ("errors", "latency", "words"),
    [
        ((0.01, 0.012), (180, 190), 0),
        ((0.01, 0.02), (180, 190), 1),
        ((0.01, 0.01), (180, 260), 1),
        ((0.01, 0.09), (180, 400), 2),
        ((None, 0.09), (180, None), 0),
    ],
)
def test_worse_is_clearly_worse(
    errors: tuple[float | None, float | None],
    latency: tuple[float | None, float | None],
    words: int,
) -> None:
    before, after = (
        Health(
            start=NOW,
            end=NOW + timedelta(minutes=15),
            error_rate=errors[i],
            latency_p95_ms=latency[i],
        )
        for i in (0, 1)
    )

    assert words == len(worse(before, after))


@pytest.mark.parametrize(("requests", "words"), [(120, 0), (120_000, 1)])
def test_errors_that_chance_makes_are_not_worse(requests: int, words: int) -> None:
    """
    Two errors of 120 requests after none: an undo for that would be a coin toss.
    """
    start, end = NOW, NOW + timedelta(minutes=15)
    served = tuple(
        judge(
            Served(
                window=(start, end),
                answers={"2xx": requests * (1 - rate), "5xx": requests * rate},
            ),
            {},
        )
        for rate in (0.0, 2 / 120)
    )
    before, after = (Health(start=start, end=end, error_rate=r) for r in (0.0, 2 / 120))

    assert words == len(worse(before, after, (served[0], served[1])))


async def test_the_gate_tells_a_pipeline(house: House) -> None:
    url = f"{house.bot}/api/gate/{NAME}/blue"
    calm = await house.get(url)
    await house.alert("resource", deployment="blue")
    await house.event("SignalsEvaluated")
    busy = await house.get(url)
    elsewhere = await house.get(f"{house.bot}/api/gate/{NAME}/green")
    await house.say("priya", f"lock {NAME} month end")
    await house.told(f"Noted on {NAME}: lock")
    frozen = await house.get(f"{house.bot}/api/gate/{NAME}/green")

    assert (True, [], "G-1") == (calm["pass"], calm["reasons"], calm["evidence"])
    assert (False, ["A-1 is open: resource, Sev 3"]) == (busy["pass"], busy["reasons"])
    assert elsewhere["pass"]
    assert "Priya Raman locked the endpoint" in frozen["reasons"][0]
    assert 404 == (await house.session.get(f"{house.bot}/api/gate/pink/blue")).status
    await _kept(house, busy)
    assert 1 == await _gate(house, "blue")
    assert 2 == await _gate(house, "blue", "--url", "http://127.0.0.1:1")


async def test_the_gate_does_not_let_a_slip_of_the_pen_pass(
    build: Opened, tmp_path: Path
) -> None:
    """
    Nor a monitor that is late, though nobody has been told of it yet.
    """
    watched = {
        **QUIET,
        "monitor": "loan-drift-daily",
        "listening": {"monitor_hours": 1},
    }
    house = await build(endpoint=watched)
    pink = await house.get(f"{house.bot}/api/gate/{NAME}/pink")
    await house.fail("GET", "/onlineendpoints/", times=9, status=503)
    blind = await house.get(f"{house.bot}/api/gate/{NAME}/blue")
    port = house.bot.rsplit(":", 1)[-1]
    (tmp_path / "serve.env").write_text(f"export WATCHKEEPER_PORT={port}\n", "utf-8")

    assert not pink["pass"]
    assert f"pink is not deployed on {NAME}; there is blue, green" == pink["reasons"][0]
    assert "the monitor loan-drift-daily last ran on" in pink["reasons"][1]
    assert "how the endpoint stands is not known" in blind["reasons"][0]
    assert 1 == await _gate(house, "pink", "--url", "", "--state", str(tmp_path))
    assert 2 == await _gate(house, "pink", "--url", "", "--state", str(tmp_path / "no"))


async def _kept(house: House, told: dict[str, Any]) -> None:
    """What a pipeline was told can be looked up years later, by its id."""
    url = f"{house.bot}/evidence/{told['evidence']}"
    wanted = {"Accept": "application/json"}
    async with house.session.get(url, headers=wanted) as answer:
        found = await answer.json()
    async with house.session.get(url) as answer:
        page = await answer.text()
    async with house.session.get(f"{house.bot}/evidence/G-999") as answer:
        assert 404 == answer.status

    assert told["reasons"] == found["reasons"]
    assert ("blue", told["pass"]) == (found["deployment"], found["pass"])
    assert ["A-1"] == [each["incident"] for each in found["seen"]]
    assert "do not" in page
    assert told["reasons"][0] in page


async def _gate(house: House, *more: str) -> int:
    url = ("--url", house.bot) if "--url" not in more else ()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", "gate", NAME, *more, *url,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    return await process.wait()


async def test_an_incident_of_tier_one_closes_with_a_decision(house: House) -> None:
    await house.alert("latency")
    await house.alert("latency", status="resolved")
    card = await house.shown("a decision on record closes it")
    assert "Record decision" in str(card)
    assert "undecided" == (await house.incident())["status"]
    assert "stays open until its owner" in await house.told("stays open until")

    gate = await house.get(f"{house.bot}/api/gate/{NAME}/blue")
    assert "no decision" in gate["reasons"][0]
    refusal = await house.press(
        "jonas", "Record decision", choice="accept", reason="it was me"
    )
    assert "You cannot decide here" in refusal["value"]
    await house.press("sam", "Record decision", choice="accept", reason="one burst")

    await house.shown("Sam Okafor decided: accept")
    assert "resolved" == (await house.incident())["status"]
    assert (await house.get(f"{house.bot}/api/gate/{NAME}/blue"))["pass"]


async def test_what_fires_again_before_the_decision_is_the_same_incident(
    house: House,
) -> None:
    """
    Nobody has closed it yet, so it is no second incident.
    """
    await house.alert("latency")
    await house.alert("latency", status="resolved")
    await house.shown("Decision needed")

    await house.sim_post("azure/alerts", kind="latency")
    await house.shown("Firing")

    assert 1 == len(await house.cards())
    assert "firing" == (await house.incident())["status"]


async def test_a_decision_of_lower_tiers_is_not_waited_for(build: Opened) -> None:
    house = await build(endpoint={**QUIET, "tier": 2})
    await house.alert("latency")
    await house.alert("latency", status="resolved")

    card = await house.shown("is resolved")

    assert "Record decision" not in str(card)
    assert "resolved" == (await house.incident())["status"]


async def test_afterwards_the_drift_of_the_target_is_looked_at(build: Opened) -> None:
    """
    The applicants are others, whichever model they meet: green takes in the same drift.
    """
    house = await build(endpoint={"watch_minutes": 0.02})
    await house.sim_post("azure/data", shifted=True)
    await house.alert("data-drift")
    await house.event("SignalsEvaluated")  # the card does not wait for it
    await house.press("jonas", "Request rollback", reason="13 copes")
    await house.shown("Approval needed")
    await house.press("mei", "Approve rollback")

    watched = await house.event("OutcomeWatched")

    assert "green" == watched["target"]
    assert "model inputs of green" == watched["drift"]["production_name"]
    assert 800 == watched["drift"]["production_rows"]
    assert "breached" == watched["drift"]["verdict"]
    assert "breached" == watched["drift_before"]["verdict"]
    assert "Features that drift" in str(await house.shown("before and after"))


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        (6, 6, ()),
        (0, 3, ("3 of 8 features have drifted, before 0",)),
        (5, 2, ()),
        (None, 3, ()),
        (3, None, ()),
    ],
)
def test_more_drift_is_worse(
    before: int | None, after: int | None, words: tuple[str, ...]
) -> None:
    reports = [None if n is None else _report(n) for n in (before, after)]

    assert words == drifted_more(*reports)


def _report(drifted: int) -> Report:
    results = [
        FeatureResult(
            feature=f"f{n}",
            data_type="Numerical",
            metric="JensenShannonDistance",
            value=0.2 if n < drifted else 0.05,
            threshold=0.1,
            breached_when="above",
            verdict="breached" if n < drifted else "not breached",
        )
        for n in range(8)
    ]
    return Report(
        signal="data-drift",
        mode="sound",
        verdict="breached" if drifted else "not breached",
        sentence="",
        results=tuple(results),
        reference_rows=9,
        production_rows=9,
    )
