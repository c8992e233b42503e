"""Requests and answers of the gate are found by their own number, old ones too."""

import sqlalchemy as sa

from bot.approval.oversight import GateAnswered
from bot.incident import Actor, EndpointState, Incident, RollbackRequested
from bot.store import Store
from tests.conftest import NOW
from tests.incidents import ENDPOINT, NEW, received

JONAS = Actor("t", "jonas", "Jonas Weber")
STATE = EndpointState(
    at=NOW, traffic={}, deployments=(), provisioning_state="", digest=""
)
ANSWER = GateAnswered(
    at=NOW, number="G-1", deployment="blue", passed=True, reasons=(), seen=()
)


def request(number: int) -> RollbackRequested:
    return RollbackRequested(
        at=NOW,
        by=JONAS,
        request=f"R-{number}",
        reason="13 copes",
        target="green",
        captured=STATE,
        traffic={},
        expires_at=NOW,
    )


async def _filled(store: Store) -> Incident:
    incident = await store.append(NEW, [received(), request(1), request(2)])
    await store.append(await store.ledger(ENDPOINT), [ANSWER])
    return incident


async def test_every_request_leads_to_its_incident(store: Store) -> None:
    """
    Not the newest alone: an older move can be undone, and is asked about.
    """
    incident = await _filled(store)

    for number in (1, 2):
        found = await store.of_request(f"R-{number}")
        assert found is not None
        assert incident.id == found.id
    assert await store.of_request("R-3") is None
    assert [incident.id] == [i.id for i in await store.with_requests()]


async def test_an_answer_of_the_gate_leads_to_the_endpoints_history(
    store: Store,
) -> None:
    await _filled(store)

    found = await store.of_answer("G-1")

    assert found is not None
    assert (ANSWER,) == found.history


async def test_an_older_database_learns_the_numbers(
    store: Store, database_url: str
) -> None:
    await _filled(store)
    with store.engine.begin() as db:
        db.execute(sa.text("DROP TABLE reference"))
        db.execute(sa.text("UPDATE alembic_version SET version_num = '0002'"))
    store.close()

    again = Store.open(database_url)
    found = await again.of_request("R-1")
    assert found is not None
    assert "A-1" == found.id
    assert await again.of_answer("G-1") is not None
    again.close()
