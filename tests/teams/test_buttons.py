"""Buttons and dialogs: pressed in the simulated Teams, heard by the bot's desk."""

import json
from typing import Any

import pytest

from bot.ports import Message
from bot.simulator.people import ALERTS, JONAS
from bot.teams.setup import Teams
from bot.turns import (
    Answer,
    Dialog,
    DialogAsked,
    DialogSent,
    Nothing,
    Pressed,
    Say,
    ShowCard,
    Wrong,
)
from tests.teams.conftest import CARD, RecordingDesk, Simulator

DATA = {"verb": "ack", "id": "A-1", "rev": 7, "t": "signed"}
TEXT = {"verb": "ack", "id": "A-1", "rev": "7", "t": "signed"}
REASON = {
    "type": "Input.Text",
    "id": "reason",
    "label": "Why",
    "isRequired": True,
    "errorMessage": "Say why.",
    "maxLength": 20,
}


def with_actions(*actions: dict[str, Any]) -> dict[str, Any]:
    return {**CARD, "actions": list(actions)}


ACK = {
    "type": "Action.Execute",
    "title": "Acknowledge",
    "verb": "ack",
    "data": DATA,
    "fallback": {"type": "Action.Submit", "title": "Acknowledge", "data": DATA},
}
EVIDENCE = {
    "type": "Action.Submit",
    "title": "Evidence",
    "data": {**DATA, "verb": "evidence", "msteams": {"type": "task/fetch"}},
}
ROLLBACK = {
    "type": "Action.ShowCard",
    "title": "Request rollback",
    "card": {
        "type": "AdaptiveCard",
        "body": [REASON],
        "actions": [
            {
                "type": "Action.Execute",
                "title": "Ask",
                "verb": "rollback",
                "data": {**DATA, "verb": "rollback"},
            }
        ],
    },
}
BUTTONS = with_actions(ACK, EVIDENCE, ROLLBACK)
DIALOG_CARD = {
    **CARD,
    "body": [REASON],
    "actions": [{"type": "Action.Submit", "title": "Send", "data": TEXT}],
}


async def test_a_pressed_button_is_heard_and_answered_with_a_card(
    sim: Simulator, bot: Teams, desk: RecordingDesk
) -> None:
    """
    The SDK's own adapter answers 500 to each Action.Execute that returns a body.
    """
    posted = await bot.chat.post(ALERTS.id, Message(card=BUTTONS, key="A-1"))
    desk.answer = ShowCard(CARD)

    status, answer = await sim.post(
        "/sim/people/jonas/click", activity=posted, title="acknowledge", inputs={}
    )

    (turn,) = desk.clicks()
    assert isinstance(turn, Pressed)
    assert (JONAS.oid, "ack", "manual") == (turn.actor.id, turn.verb, turn.trigger)
    assert (posted, posted, TEXT) == (turn.activity, turn.thread, turn.data)
    shown = {"statusCode": 200, "type": "application/vnd.microsoft.card.adaptive"}
    assert (200, {**shown, "value": CARD}) == (status, answer)
    (message,) = await sim.messages()
    assert 0 == message["edits"]  # an answer is seen by the one who clicked alone


@pytest.mark.parametrize(
    ("answer", "body"),
    [
        (
            Say("Too late."),
            {
                "statusCode": 200,
                "type": "application/vnd.microsoft.activity.message",
                "value": "Too late.",
            },
        ),
        (
            Wrong("Too old.", 409),
            {
                "statusCode": 409,
                "type": "application/vnd.microsoft.error",
                "value": {"code": "Conflict", "message": "Too old."},
            },
        ),
        (
            Nothing(),
            {
                "statusCode": 200,
                "type": "application/vnd.microsoft.activity.message",
                "value": "Noted.",
            },
        ),
    ],
    ids=str,
)
async def test_answers_to_a_button(
    sim: Simulator, bot: Teams, desk: RecordingDesk, answer: Answer, body: Any
) -> None:
    posted = await bot.chat.post(ALERTS.id, Message(card=BUTTONS))
    desk.answer = answer

    got = await sim.post(
        "/sim/people/jonas/click", activity=posted, title="Acknowledge"
    )

    assert (200, body) == got


async def test_a_client_without_execute_submits_the_same(
    sim: Simulator, bot: Teams, desk: RecordingDesk
) -> None:
    posted = await bot.chat.post(ALERTS.id, Message(card=BUTTONS))

    for legacy in (False, True):
        await sim.post(
            "/sim/people/jonas/click",
            activity=posted,
            title="Acknowledge",
            legacy=legacy,
        )

    executed, submitted = desk.clicks()
    assert isinstance(executed, Pressed)
    assert isinstance(submitted, Pressed)
    assert (executed.actor, executed.verb, executed.data, executed.activity) == (
        submitted.actor,
        submitted.verb,
        submitted.data,
        submitted.activity,
    )


async def test_a_button_inside_a_shown_part_takes_its_inputs(
    sim: Simulator, bot: Teams, desk: RecordingDesk
) -> None:
    posted = await bot.chat.post(ALERTS.id, Message(card=BUTTONS))

    await sim.post(
        "/sim/people/jonas/click",
        activity=posted,
        title="Request rollback",
        inputs={"reason": "incomes moved"},
    )

    (turn,) = desk.clicks()
    assert isinstance(turn, Pressed)
    assert ("rollback", {"reason": "incomes moved"}) == (turn.verb, turn.inputs)


async def test_a_dialog_is_opened_filled_in_and_sent(
    sim: Simulator, bot: Teams, desk: RecordingDesk
) -> None:
    posted = await bot.chat.post(ALERTS.id, Message(card=BUTTONS))
    desk.answer = Dialog(DIALOG_CARD, "Evidence A-1")

    status, opened = await sim.post(
        "/sim/people/jonas/click", activity=posted, title="Evidence", inputs={}
    )
    value = opened["task"]["value"]
    assert (200, "continue", "Evidence A-1") == (
        status,
        opened["task"]["type"],
        value["title"],
    )
    assert DIALOG_CARD == value["card"]["content"]
    desk.answer = Say("Sent.")
    status, answer = await sim.post(
        "/sim/people/jonas/click",
        activity=posted,
        title="Send",
        inputs={"reason": "why not"},
        dialog=value["card"]["content"],
    )

    asked, sent = desk.clicks()
    assert isinstance(asked, DialogAsked)
    assert isinstance(sent, DialogSent)
    assert ("evidence", posted) == (asked.verb, asked.activity)
    assert ("ack", {"reason": "why not"}) == (sent.verb, sent.inputs)
    assert {"task": {"type": "message", "value": "Sent."}} == answer


async def test_one_click_goes_through_a_dialog(
    sim: Simulator, bot: Teams, desk: RecordingDesk
) -> None:
    posted = await bot.chat.post(ALERTS.id, Message(card=BUTTONS))
    desk.answer = Dialog(DIALOG_CARD, "Evidence A-1")

    await sim.post(
        "/sim/people/jonas/click",
        activity=posted,
        title="Evidence",
        inputs={"reason": "why not"},
    )

    kinds = [type(t) for t in desk.clicks()]
    assert [DialogAsked, DialogSent] == kinds


async def test_a_dialog_is_closed_by_nothing(
    sim: Simulator, bot: Teams, desk: RecordingDesk
) -> None:
    posted = await bot.chat.post(ALERTS.id, Message(card=BUTTONS))

    got = await sim.post("/sim/people/jonas/click", activity=posted, title="Evidence")

    assert (200, "") == got


async def test_a_desk_that_fails_is_an_error_in_plain_words(
    sim: Simulator, bot: Teams, desk: RecordingDesk
) -> None:
    posted = await bot.chat.post(ALERTS.id, Message(card=BUTTONS))
    desk.answer = RuntimeError("secret detail")

    status, answer = await sim.post(
        "/sim/people/jonas/click", activity=posted, title="Acknowledge"
    )

    assert (200, 500) == (status, answer["statusCode"])
    assert "secret" not in json.dumps(answer)


# -- what a client would not do ----------------------------------------------


@pytest.mark.parametrize(
    ("title", "inputs", "why"),
    [
        ("Ask", {}, "Say why."),
        ("Ask", {"reason": "  "}, "Say why."),
        ("Ask", {"reason": "x" * 21}, "longer than 20"),
        ("Ask", {"other": "x"}, "no input 'other'"),
    ],
)
async def test_what_is_not_filled_in_is_not_sent(
    sim: Simulator,
    bot: Teams,
    desk: RecordingDesk,
    title: str,
    inputs: dict[str, str],
    why: str,
) -> None:
    posted = await bot.chat.post(ALERTS.id, Message(card=BUTTONS))

    status, answer = await sim.post(
        "/sim/people/jonas/click", activity=posted, title=title, inputs=inputs
    )

    assert 422 == status
    assert why in answer["error"]
    assert [] == desk.clicks()


async def test_the_unknown_is_answered_with_what_there_is(
    sim: Simulator, bot: Teams
) -> None:
    posted = await bot.chat.post(ALERTS.id, Message(card=BUTTONS))

    for path, body, names in (
        ("nobody/say", {"text": "x"}, "priya"),
        ("priya/say", {"text": "x", "conversation": "x"}, "model-alerts"),
        ("priya/click", {"activity": "1", "title": "x"}, posted),
        ("priya/click", {"activity": posted, "title": "x"}, "'Acknowledge'"),
    ):
        status, answer = await sim.post(f"/sim/people/{path}", **body)
        assert 404 == status
        assert names in answer["error"]


async def test_an_unreachable_bot_is_502(sim: Simulator) -> None:
    status, _ = await sim.post(
        "/sim/people/priya/say", conversation=ALERTS.id, text="help"
    )

    assert 502 == status
