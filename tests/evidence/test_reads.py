"""The access review: who can reach an endpoint, and every reading of its evidence."""

import asyncio
import base64
import json
import sqlite3
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from bot.__main__ import application
from bot.callers import Credentials, Keys, Readers
from bot.evidence import verdict
from bot.incident import Actor
from bot.store import Store
from tests.evidence.conftest import write
from tests.house import QUIET, House, Opened
from tests.story.remote import CHANNEL, until


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
        "not signed in",
    ):
        assert words in said
    assert "A-99" not in said
    assert "EvidenceRead" not in await house.types()  # no packet changes by being read


async def test_programs_searches_and_commands_are_readers_too(
    build: Opened, tmp_path: Path
) -> None:
    """
    Whoever is given the packet has read it, by whatever door; who polls, once.
    """
    house = await build(endpoint=QUIET)
    await house.alert()
    await until("the card to be recorded", house.types, lambda t: "CardShown" in t)
    for _ in range(3):
        path = "/api/incidents/A-1"
        assert 200 == await fetched(house, path, "application/json")
    for word in ("loan", "loan-", "1"):
        body = {"conversation": CHANNEL, "text": word}
        await house.sim_post("people/priya/search", **body)
    state = ["--state", str(tmp_path)]
    target = str(tmp_path / "A-1.zip")
    said = []
    for words in (
        ["export", "A-1", "--output", target],
        ["export", "--model", "loan-prescreening", "--output", target],
        ["show", "A-1", "--format", "html", "--output", target],
        ["show", "A-99"],
    ):
        command = ["evidence", *words, *state]
        done = await asyncio.to_thread(CliRunner().invoke, application(), command)
        said.append((done.exit_code, done.output))
    read = _read_in(tmp_path / "watchkeeper.db")
    await house.stop()

    assert [0, 0, 0, 2] == [code for code, _ in said], said
    assert [
        ("api", "A-1"),
        ("export pack", "loan-prescreening"),
        ("export zip", "A-1"),
        ("search", "A-1"),
        ("show html", "A-1"),
    ] == sorted((each["how"], each["of"]) for each in read)
    assert {"command line"} == {
        each["by"]["tenant"] for each in read if each["how"].startswith(("ex", "show"))
    }


def _read_in(file: Path) -> list[Any]:
    db = sqlite3.connect(file)
    rows = db.execute("SELECT body FROM history WHERE type = 'EvidenceRead'").fetchall()
    db.close()
    return [json.loads(body) for (body,) in rows]


def test_nothing_is_given_away_that_cannot_be_recorded(
    url: str, tmp_path: Path
) -> None:
    async def made() -> None:
        store = Store.open(url)
        await write(store, 4)
        store.close()

    asyncio.run(made())
    db = sqlite3.connect(tmp_path / "watchkeeper.db")
    db.execute(
        "CREATE TRIGGER no BEFORE INSERT ON history BEGIN SELECT RAISE(FAIL, 'full'); END"
    )
    db.commit()
    db.close()
    target = tmp_path / "A-1.zip"
    words = [
        "evidence",
        "export",
        "A-1",
        "--state",
        str(tmp_path),
        "--output",
        str(target),
    ]
    done = CliRunner().invoke(application(), words)

    assert (2, False) == (done.exit_code, target.exists())
    assert "cannot be recorded, so nothing is given away (" in done.output


async def test_not_everybody_may_ask_for_it(build: Opened) -> None:
    house = await build(endpoint=QUIET, start=False)
    await house.start("serve")
    await house.alert()
    await house.say("jonas", "access loan-prescreening")

    assert "Who can: " in await house.told('You cannot ask for "access" here.')


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
