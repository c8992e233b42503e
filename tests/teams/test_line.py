"""People in the simulated Teams, and the bot at the other end of the line."""

import asyncio
import json
from typing import Any

import pytest

from bot.ports import Message
from bot.simulator.people import ALERTS, PRIYA, TEAM
from bot.teams.setup import Teams
from bot.turns import (
    Answer,
    Installed,
    Nothing,
    Say,
    ShowCard,
    Typed,
    Wrong,
)
from tests.teams.conftest import CARD, RecordingDesk, Simulator


async def until(desk: RecordingDesk, count: int) -> None:
    async with asyncio.timeout(10):
        while len(desk.heard) < count:
            await desk.came.wait()
            desk.came.clear()


async def test_the_bot_learns_where_it_may_speak(
    sim: Simulator, bot: Teams, desk: RecordingDesk
) -> None:
    """
    On the first start of a world the bot is added to each channel; it may not be up yet.
    """
    await until(desk, 6)

    installed = [t for t in desk.heard if isinstance(t, Installed)]
    first = installed[0]
    assert (ALERTS.id, TEAM, "model-alerts") == (
        first.conversation,
        first.team,
        first.name,
    )
    assert sim.url + "/" == first.reference["serviceUrl"]
    assert first.reference == json.loads(json.dumps(first.reference))
    assert {p.conversation for p in installed} == {
        "19:model-alerts@thread.tacv2",
        "19:ml-platform@thread.tacv2",
        "19:release-crew@thread.v2",
    }


async def test_an_installation_that_cannot_be_kept_is_told_again(
    sim: Simulator, bot: Teams, desk: RecordingDesk
) -> None:
    desk.answer = Wrong("the disk is full", 500)
    await until(desk, 2)
    desk.answer = Nothing()
    before = len(desk.heard)

    await until(desk, before + 6)

    assert {"19:model-alerts@thread.tacv2", "19:ml-platform@thread.tacv2"} <= {
        t.conversation for t in desk.heard
    }


async def test_what_a_person_types_is_heard(
    sim: Simulator, bot: Teams, desk: RecordingDesk
) -> None:
    status, _ = await sim.post(
        "/sim/people/Priya/say", conversation=ALERTS.id, text="ack A-1\u00a0 looking"
    )

    (turn,) = desk.clicks()
    (message,) = await sim.messages()
    assert 200 == status
    assert isinstance(turn, Typed)
    assert (PRIYA.oid, PRIYA.name) == (turn.actor.id, turn.actor.name)
    assert "ack A-1 looking" == turn.text
    assert (ALERTS.id, message["id"], message["id"]) == (
        turn.conversation,
        turn.thread,
        turn.activity,
    )


async def test_a_reply_is_heard_in_its_thread(
    sim: Simulator, bot: Teams, desk: RecordingDesk
) -> None:
    root = await bot.chat.post(ALERTS.id, Message(card=CARD))

    await sim.post(
        "/sim/people/jonas/say",
        conversation="model-alerts",
        text="@watchkeeper help",
        reply_to=root,
    )

    (turn,) = desk.clicks()
    assert isinstance(turn, Typed)
    assert ("help", root) == (turn.text, turn.thread)


async def test_what_people_say_to_each_other_is_not_heard(
    sim: Simulator, bot: Teams, desk: RecordingDesk
) -> None:
    await sim.post(
        "/sim/people/priya/say", conversation=ALERTS.id, text="lunch?", mention=False
    )

    assert [] == desk.clicks()
    assert 1 == len(await sim.messages())


async def test_a_chat_with_the_bot_alone_needs_no_mention(
    sim: Simulator, bot: Teams, desk: RecordingDesk
) -> None:
    await sim.post("/sim/people/priya/say", conversation="a:1priya", text="help")

    (turn,) = desk.clicks()
    assert isinstance(turn, Typed)
    assert ("a:1priya", "", "help") == (turn.conversation, turn.thread, turn.text)


async def test_someone_of_another_tenant_is_refused(
    sim: Simulator, bot: Teams, desk: RecordingDesk
) -> None:
    """
    A shared channel holds other tenants' people; their words come here, signed.
    """
    status, _ = await sim.post(
        "/sim/people/olga/say", conversation="platform", text="help"
    )

    assert 403 == status
    assert [] == desk.clicks()


@pytest.mark.parametrize(
    ("answer", "text", "card"),
    [
        (Say("Done."), "Done.", None),
        (Wrong("Not now.", 500), "Not now.", None),
        (ShowCard(CARD), "", CARD),
    ],
    ids=str,
)
async def test_an_answer_to_words_is_a_reply(
    sim: Simulator,
    bot: Teams,
    desk: RecordingDesk,
    answer: Answer,
    text: str,
    card: Any,
) -> None:
    await until(desk, 6)
    desk.answer = answer

    await sim.post("/sim/people/priya/say", conversation=ALERTS.id, text="help")

    asked, reply = await sim.messages()
    assert (asked["id"], text, card) == (
        reply["replyToId"],
        reply["text"],
        reply["card"],
    )


async def test_a_reply_that_teams_refuses_is_no_error_of_the_caller(
    sim: Simulator, bot: Teams, desk: RecordingDesk
) -> None:
    await until(desk, 6)
    desk.answer = Say("Done.")
    await sim.fail("POST", "/v3/conversations", status=502)

    status, _ = await sim.post(
        "/sim/people/priya/say", conversation=ALERTS.id, text="help"
    )

    assert 200 == status
