"""The access review: who can reach an endpoint, and every reading of its evidence."""

import base64
import json

from bot.callers import Credentials, Keys, Readers
from bot.evidence import verdict
from bot.incident import Actor
from tests.house import QUIET, House, Opened
from tests.story.remote import until


async def fetched(house: House, path: str, accept: str) -> int:
    url, headers = f"{house.bot}{path}", {"Accept": accept}
    async with house.session.get(url, headers=headers) as answer:
        await answer.read()
        return answer.status


async def test_who_can_and_who_did_is_answered(build: Opened) -> None:
    """
    A risk officer asks who could have changed a model, and who has seen its evidence.
    """
    house = await build(endpoint=QUIET)
    await house.alert()
    await until("the card to be recorded", house.types, lambda t: "CardShown" in t)
    for accept in ("text/html", "application/json", "application/zip"):
        assert 200 == await fetched(house, "/evidence/A-1", accept)
    assert 200 == await fetched(house, "/evidence/model/loan-prescreening", "text/html")
    assert 404 == await fetched(house, "/evidence/A-99", "text/html")
    await house.say("mei", "evidence 1")
    await house.told("What the alert on loan-prescreening rests on")

    await house.say("mei", "access loan-prescreening")
    said = await house.told("role assignments reach loan-prescreening")
    for words in (
        "the endpoint itself",
        "resource group",
        "Who read its evidence in 30 days",
        "A-1, page",
        "A-1, packet",
        "A-1, zip",
        "loan-prescreening, page",
        "A-1, card",
        "Mei Chen",
        "not asked",
    ):
        assert words in said
    assert "A-99" not in said
    assert "EvidenceRead" not in await house.types()  # no packet changes by being read


async def test_not_everybody_may_ask_for_it(build: Opened) -> None:
    house = await build(endpoint=QUIET, start=False)
    await house.start("serve")
    await house.alert()
    await house.say("jonas", "access loan-prescreening")

    assert "Who can: " in await house.told("You cannot access here.")


async def test_readings_do_not_break_the_log(build: Opened) -> None:
    house = await build(endpoint=QUIET, start=False)
    await house.start("serve")
    await house.alert()
    await until("the card to be recorded", house.types, lambda t: "CardShown" in t)
    for _ in range(3):
        assert 200 == await fetched(house, "/evidence/A-1", "application/json")

    found = verdict.of_database(house.settings.database_url, None, [])
    assert found.ok, found.words


def test_a_reader_is_known_by_the_token_that_was_checked() -> None:
    claims = {"tid": "T-1", "oid": "O-7", "name": "Omar Haddad", "scp": "read"}
    part = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    shown = Credentials((f"Bearer head.{part}.signature",), ())
    keys = Keys("https://keys.example")

    found = Readers("t-1", frozenset(), (), keys).whom(shown)
    assert Actor("t-1", "o-7", "Omar Haddad") == found
