"""Activities read as turns: nothing that comes in may end in an error of ours."""

import json
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st
from jsonschema import Draft6Validator

from bot.simulator.identity import TENANT
from bot.teams.marks import key_of, keyed, plain
from bot.teams.turns import BadActivity, read, tidy
from bot.turns import CARD_DATA, Ignored, Installed, Pressed, Typed
from tests.conftest import FIXTURES
from tests.teams.conftest import CARD

ALICE = "77777777-aaaa-4bbb-8ccc-000000000001"
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)
NAMES = (
    "type name from recipient conversation channelData value text entities replyToId "
    "id membersAdded action serviceUrl"
)


def activity(**changes: Any) -> dict[str, Any]:
    return {
        "type": "message",
        "id": "17",
        "serviceUrl": "https://smba.trafficmanager.net/emea/",
        "channelId": "msteams",
        "from": {"id": "29:alice", "name": "Alice", "aadObjectId": ALICE},
        "recipient": {"id": "28:bot", "name": "Watchkeeper"},
        "conversation": {"id": "19:x@thread.tacv2;messageid=5"},
        "channelData": {"tenant": {"id": TENANT}, "team": {"id": "19:team"}},
        **changes,
    }


def mention(text: str, who: str = "28:bot") -> dict[str, Any]:
    return {"type": "mention", "text": text, "mentioned": {"id": who}}


def invoke(data: Any, **action: Any) -> dict[str, Any]:
    value = {"action": {"verb": "ack", "data": data, **action}, "trigger": "manual"}
    return activity(type="invoke", name="adaptiveCard/action", value=value)


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from(NAMES.split()), JSON))
@example({"type": "message", "value": {"verb": "x"}, "replyToId": []})
def test_whatever_comes_in_is_read_or_refused(changes: dict[str, Any]) -> None:
    """
    Botbuilder's models raise half a dozen kinds of error here; each was a 500.
    """
    for base in (activity(), invoke({}), activity(type="conversationUpdate")):
        try:
            turn = read({**base, **changes}, TENANT)
        except BadActivity:
            continue
        if not isinstance(turn, Ignored | Installed):
            assert turn.actor.tenant == TENANT


@settings(deadline=None)
@given(st.dictionaries(st.text(max_size=10), JSON, max_size=5))
def test_data_comes_through_as_text(data: dict[str, Any]) -> None:
    turn = read(invoke(data), TENANT)

    assert isinstance(turn, Pressed)
    assert set(turn.data) <= set(data)
    assert all(isinstance(v, str) for v in turn.data.values())
    assert set(turn.inputs).isdisjoint(CARD_DATA)


@settings(deadline=None)
@given(st.text(st.characters(exclude_characters="&"), max_size=50))
def test_tidying_twice_changes_nothing_more(text: str) -> None:
    assert tidy(text) == tidy(tidy(text))


def test_the_bot_is_taken_out_of_the_text_and_others_are_named() -> None:
    at = "<at>Watchkeeper</at>"
    turn = read(
        activity(
            text=f"{at} assign A-1 <at>Watchkeeper Team</at>\n",
            entities=[
                mention(at),
                mention("<at>Watchkeeper Team</at>", "29:team"),
            ],
        ),
        TENANT,
    )

    assert isinstance(turn, Typed)
    assert "assign A-1 Watchkeeper Team" == turn.text
    assert ("19:x@thread.tacv2", "5") == (turn.conversation, turn.thread)


def test_a_channel_made_later_can_be_spoken_in() -> None:
    data = {
        "tenant": {"id": TENANT},
        "eventType": "channelCreated",
        "channel": {"id": "19:new@thread.tacv2", "name": "new"},
        "team": {"id": "19:team", "aadGroupId": "g"},
    }
    turn = read(activity(type="conversationUpdate", channelData=data), TENANT)

    assert isinstance(turn, Installed)
    assert ("19:new@thread.tacv2", "19:team") == (turn.conversation, turn.team)
    assert {"id": "19:team", "aadGroupId": "g"} == turn.reference["team"]


def test_a_removal_brings_us_nowhere() -> None:
    gone = activity(type="installationUpdate", action="remove")
    others = activity(type="conversationUpdate", membersAdded=[{"id": "29:bob"}])

    assert isinstance(read(gone, TENANT), Ignored)
    assert isinstance(read(others, TENANT), Ignored)


# -- what a card carries -----------------------------------------------------


@settings(deadline=None)
@given(st.text(min_size=1, max_size=30))
def test_a_key_is_read_back(key: str) -> None:
    card = keyed({"type": "AdaptiveCard", "body": []}, key)

    assert key == key_of(card) == key_of(json.dumps(card))


@settings(deadline=None)
@given(JSON | st.text())
def test_no_other_card_has_a_key(card: Any) -> None:
    assert "" == key_of(card)


@settings(deadline=None)
@given(JSON)
def test_what_is_sent_is_json(value: Any) -> None:
    sent = json.dumps(plain(value), allow_nan=False)

    assert plain(value) == json.loads(sent)


def test_a_key_leaves_the_card_valid() -> None:
    schema = json.loads((FIXTURES / "cards/adaptive-card-1.5.0.json").read_text())

    errors = Draft6Validator(schema).iter_errors(keyed(CARD, "A-1:4"))

    assert [] == [e.message for e in errors]
