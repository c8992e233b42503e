"""Frozen objects are fetched side by side: a container far away answers in its time."""

import asyncio
import json
from pathlib import Path

import pytest

from bot.evidence.objects import AT_ONCE, at_hand, objects
from bot.evidence.sealed import Record, Sealed
from bot.evidence.shelf import Folder, NotKept, digest, keep, object_name
from bot.incident import EvidenceCollected, Incident
from bot.store import codec
from tests.conftest import NOW
from tests.incidents import ENDPOINT

CONTENTS = [f"part {number}".encode() for number in range(3 * AT_ONCE)]


class Together(Folder):
    """A shelf that answers nobody before as many ask at once as may."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self._together = asyncio.Barrier(AT_ONCE)

    async def get(self, name: str) -> bytes | None:
        await self._together.wait()
        return await super().get(name)


def collected() -> EvidenceCollected:
    named = {f"part {n}": digest(content) for n, content in enumerate(CONTENTS)}
    return EvidenceCollected(at=NOW, endpoint=ENDPOINT, digests=named, missing={})


def sealed() -> Sealed:
    body = codec.dump(collected())
    fields = ["A-1", 1, "EvidenceCollected", codec.VERSION, 0, body]
    record = Record(text=json.dumps(fields), position=None)
    return Sealed(records=(record,), head=None, index=(("A-1", ENDPOINT, "g"),))


async def test_a_thousand_objects_are_not_fetched_one_after_the_other(
    tmp_path: Path,
) -> None:
    """
    At 30 ms each they would take half a minute, and a model pack is wanted in ten seconds.
    """
    shelf = Together(tmp_path)
    kept = {await keep(shelf, content): content for content in CONTENTS}

    assert kept == await objects(shelf, sealed())


async def test_order_and_gaps_do_not_follow_from_who_answered_first(
    tmp_path: Path,
) -> None:
    shelf = Folder(tmp_path)
    for content in CONTENTS[1:]:
        await keep(shelf, content)
    incident = Incident(
        id="A-1", group_key="g", endpoint=ENDPOINT, history=(collected(),)
    )

    found = await at_hand(shelf, incident)

    assert sorted(map(digest, CONTENTS[1:])) == list(found)


async def test_what_the_shelf_refuses_is_told_and_nothing_is_left_running(
    tmp_path: Path,
) -> None:
    """
    A folder lies where one object has to be: a disk that cannot read it answers alike.
    """
    shelf = Folder(tmp_path)
    for content in CONTENTS[1:]:
        await keep(shelf, content)
    (tmp_path / object_name(digest(CONTENTS[0]))).mkdir(parents=True)

    with pytest.raises(NotKept):
        await objects(shelf, sealed())
    assert 1 == len(asyncio.all_tasks())
