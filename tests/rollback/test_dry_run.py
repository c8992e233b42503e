"""A dry run shows everything and changes nothing: neither in our store nor in Azure."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa

from bot.store import Store
from bot.store.engine import create
from bot.store.schema import metadata
from tests.house import House

NAME = "loan-prescreening"
# What an answer in Teams leaves behind, and what the loop itself writes.
OURS = {"outbox", "conversation"}


def kept(store: Store) -> dict[str, list[Any]]:
    """Return every row of every table that holds what was recorded or numbered."""
    with store.engine.connect() as db:
        return {
            table.name: sorted(
                row
                for row in map(repr, db.execute(sa.select(table)).all())
                if "heartbeat" not in row  # every process that lives says so
            )
            for table in metadata.sorted_tables
            if table.name not in OURS
        }


async def _settled(store: Store) -> dict[str, list[Any]]:
    """Return the rows once the log is sealed and nothing is due."""
    before: dict[str, list[Any]] = {}
    while (
        before != (now := kept(store))
        or now["unsealed"]
        or await store.outbox.due("driver", datetime.now(UTC))
    ):
        before = now
        await asyncio.sleep(0.4)
    return before


async def test_without_an_incident(house: House) -> None:
    store = _reading(house)
    before = await _settled(store)
    written = _written(house)

    await house.say("jonas", f"rollback {NAME} --dry-run what would happen")
    said = await house.told("would move back to green")

    for words in (
        "Nothing is moved",
        "loan-prescreening:13",
        "takes at once",  # capacity
        "green is deployed (Succeeded), 2 instances",
        "traffic adds up to 100%",
        "no lock, and no other request",
        "Who can approve: Mei Chen",
    ):
        assert words in said, words
    assert before == await _settled(store)
    assert written == _written(house)
    assert {"blue": 90, "green": 10} == await house.traffic()
    store.close()


@pytest.mark.parametrize("dash", ["--dry-run", "\u2014dry-run", "-- dry run"])
async def test_of_an_open_incident(house: House, dash: str) -> None:
    """
    Typed on a phone the dashes become one long one; it must never become the real thing.
    """
    await house.alert()
    store = _reading(house)
    before = await _settled(store)
    written = _written(house)

    await house.say("jonas", f"rollback A-1 {dash} what would happen")
    await house.told("would move back to green")

    assert before == await _settled(store)
    assert written == _written(house)
    assert "RollbackAsked" not in await house.types()
    store.close()


async def test_what_would_be_refused_is_said(house: House) -> None:
    await house.sim_post("azure/deployments", deployment="green", state="deleted")
    store = _reading(house)
    before = await _settled(store)

    await house.say("jonas", f"rollback {NAME} --dry-run what would happen")

    assert "green is not deployed" in await house.told("It would be refused")
    assert before == await _settled(store)
    store.close()


async def test_who_may_not_ask_may_not_look(house: House) -> None:
    await house.say("ana", f"rollback {NAME} --dry-run what would happen")

    said = await house.told("You cannot rollback here")

    assert "It would" not in said
    assert [] == house.requests("PUT")


def _reading(house: House) -> Store:
    return Store(create(house.settings.database_url), None)


def _written(house: House) -> int:
    """Return how many requests to Azure were no mere look."""
    seen = [r for m in ("PUT", "POST", "PATCH", "DELETE") for r in house.requests(m)]
    return len([r for r in seen if r["host"] == "azure" and "/v3/" not in r["path"]])
