"""Which cards are begun: a conversation that hangs holds up no other one."""

from datetime import timedelta

from bot.incident import ShowCard
from bot.simulator.people import ALERTS, SHARED
from bot.simulator.scenarios import scenario
from bot.store import Due
from bot.watch import WatchList
from bot.worker.speech import TOGETHER, Speech, Turn
from tests.conftest import NOW

[LISTED] = scenario("none").watch()["endpoints"]


def watch() -> WatchList:
    """Return a noisy endpoint in one channel and a quiet one in another."""
    quiet = {**LISTED, "id": f"{LISTED['id']}-quiet", "channel": SHARED.key}
    document = {**scenario("none").watch(), "endpoints": [LISTED, quiet]}
    return WatchList.model_validate(document)


def card(job: int, endpoint: str, rank: int = 2) -> Due:
    return Due(
        id=job,
        incident=f"A-{job}",
        effect=ShowCard(),
        due_at=NOW + timedelta(seconds=job),
        attempts=0,
        rank=rank,
        endpoint=endpoint,
    )


def test_a_conversation_that_hangs_keeps_its_few_places() -> None:
    """
    Half a minute passes and none of its sends ends: the budget alone would begin forty.
    """
    speech, [noisy, quiet] = Speech(watch()), [e.id for e in watch().endpoints]
    assert {ALERTS.id, SHARED.id} == {
        speech.where(card(1, noisy)),
        speech.where(card(1, quiet)),
    }

    begun = [
        each
        for each in (card(n, noisy) for n in range(30))
        if Turn(speech, float(each.id)).may(each)
    ]

    assert TOGETHER == len(begun)
    assert Turn(speech, 31.0).may(card(31, quiet))
    assert Turn(speech, 31.0).may(card(32, noisy, rank=0))
    for each in begun:
        speech.ended(each)
    assert Turn(speech, 60.0).may(card(33, noisy))
