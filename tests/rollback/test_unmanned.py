"""An approved request, and no executor: people are told, and it does not wait for ever."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import SystemRandom

import pytest

from bot.approval.awaited import ExecutorSilent, away, pending
from bot.check.database import database
from bot.incident import Event
from bot.settings import Settings
from bot.store import Store
from bot.worker import Means
from bot.worker.awaited import is_silent
from cards import Links
from tests.cards import samples
from tests.cards.rollbacks import MORE
from tests.conftest import NOW
from tests.house import QUIET, House, Opened

NAME = "loan-prescreening"


async def _approved(build: Opened) -> House:
    """Return a house without an executor, where R-1 is approved."""
    house = await build(endpoint=QUIET, start=False)
    await house.start("serve")
    await house.say("jonas", f"rollback {NAME} to green 13 copes")
    await house.shown("Approval needed")
    await house.say("mei", "approve R-1")
    await house.event("RollbackApproved")
    return house


async def test_who_waits_for_an_executor_is_told_that_there_is_none(
    build: Opened,
) -> None:
    """
    "Working" for ever is a lie; who can do what about it is what helps.
    """
    house = await _approved(build)
    house.ahead = timedelta(minutes=1)  # past the first look
    card = str(await house.shown("Not begun"))
    said = await house.told("R-1 waits. No executor has ever reported")
    await house.say("jonas", f"status {NAME}")
    status = await house.told("Nothing can be moved")
    async with house.session.get(f"{house.bot}/metrics") as answer:
        figures = await answer.text()

    assert "Nobody moves loan-prescreening back to green" in card
    assert "nothing was changed yet" in card
    assert 'start "watchkeeper execute"' in said
    assert "Jonas Weber can withdraw R-1" in said
    assert status.count("No executor has ever reported") >= 3
    assert "watchkeeper_executor_age_seconds +Inf" in figures

    await house.start("execute")
    await house.shown("Rolled back")
    found = database(house.settings)

    assert {"green": 100} == await house.traffic()
    assert ["ok"] == [f.level for f in found.findings if f.about == "executor"]


async def test_what_nobody_carried_out_in_time_expires(build: Opened) -> None:
    """
    An approval of the evening must not move traffic when the executor is mended at dawn.
    """
    house = await _approved(build)
    house.ahead = timedelta(minutes=63)  # sixty that it holds, and two to be told why
    told = await house.told("R-1 expired; it was approved, and no executor")
    expired = await house.event("RollbackExpired")
    await house.start("execute")
    house.ahead = timedelta()
    await house.say("jonas", f"rollback {NAME} to green once more")
    await house.shown("R-2")
    await house.say("mei", "approve R-2")
    await house.shown("Rolled back")

    assert told.endswith("Nothing was changed.")
    assert expired["approved"]
    assert 1 == len(house.requests("PUT", "onlineendpoints"))


def test_only_what_is_approved_and_not_done_waits_for_an_executor() -> None:
    silent = {n: away(samples.incident(*h), "R-7") for n, h in _past().items()}

    assert {"not-begun", "begun-and-left"} == {n for n, s in silent.items() if s}
    assert pending(samples.incident(*samples.HISTORIES["working"]), "R-7")
    assert not pending(samples.incident(*samples.HISTORIES["rolled-back"]), "R-7")
    assert not pending(samples.incident(*samples.HISTORIES["approval"]), "R-7")
    for name, waits in (
        ("retraining", False),
        ("retraining-unsubmitted", True),
        ("retraining-unread", True),
        ("retraining-complete", False),
        ("retraining-not-carried-out", False),
    ):
        assert waits == pending(samples.incident(*MORE[name]), "R-8"), name


def _past() -> dict[str, tuple[Event, ...]]:
    names = ("not-begun", "begun-and-left", "heard-again", "working", "rolled-back")
    told = ExecutorSilent(at=samples.after(90), request="R-7")
    done = (*samples.HISTORIES["rolled-back"], told)
    return {**{n: samples.HISTORIES[n] for n in names}, "done": done}


@pytest.mark.parametrize(
    ("beats", "silent"),
    [
        ([(0, None)], [True]),
        ([(0, -3), (15, -2.75), (80, -1.6)], [False, False, False]),  # behind
        ([(0, -3), (15, -3), (61, -3)], [False, False, True]),
        ([(0, 4), (61, 4), (70, 5)], [False, True, False]),  # ahead, then heard again
        ([(0, -6)], [True]),
    ],
    ids=["never", "a clock behind", "silent", "heard again", "long ago"],
)
async def test_a_sign_of_life_that_changes_is_one_whatever_its_clock_says(
    tmp_path: Path, beats: list[tuple[float, float | None]], silent: list[bool]
) -> None:
    store = Store.open(f"sqlite:///{tmp_path / 'a.db'}")
    means = Means(
        store=store,
        watch=samples.watch(),
        clock=lambda: NOW,
        random=SystemRandom(),
        links=Links(),
        sign=lambda _key, _revision: "",
    )

    told = []
    for seconds, minutes in beats:
        beat = None if minutes is None else NOW + timedelta(minutes=minutes)
        if beat:
            await store.beat(beat, "executor")
        found = await store.last_beat("executor")
        told.append(is_silent(means, found, seconds))
    store.close()

    assert silent == told


async def test_check_names_an_executor_that_is_gone(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'a.db'}"
    store, settings = Store.open(url), Settings(database_url=url, tenant_id="t")
    never = database(settings)
    await store.beat(datetime.now(UTC) - timedelta(minutes=5), "executor")
    gone = database(settings)
    await store.beat(datetime.now(UTC), "executor")
    there = database(settings)
    store.close()

    levels = [
        [(f.level, f.text[:18]) for f in found.findings if f.about == "executor"]
        for found in (never, gone, there)
    ]
    assert [
        [("look", "none has ever repo")],
        [("look", "none has reported ")],
    ] == levels[:2]
    assert "ok" == levels[2][0][0]
    assert not [
        f for f in database(settings, talks=False).findings if f.about == "executor"
    ]
