"""The three case studies, from end to end: each ends in a packet that verifies."""

import pytest

from bot.evidence.inspect import inspect
from bot.evidence.zipped import unpack
from bot.simulator.hands import Hands
from bot.simulator.scenarios import names, scenario
from tests.house import Opened, blobs, build
from tests.story.remote import until

__all__ = ["blobs", "build"]


@pytest.mark.parametrize("name", [n for n in names() if scenario(n).course])
async def test_a_case_reaches_its_objectives_and_a_packet(
    build: Opened, name: str
) -> None:
    house = await build(tells=name)
    hands = Hands(house.session, house.bot, house.cloud)
    course = scenario(name).course
    assert course is not None

    found = await course(hands)
    assert [] == [f"{m.objective}: {m.measured}" for m in found if not m.met]

    await hands.event("EvidenceCollected")

    async def sealed() -> bytes:
        content = await hands.packet("A-1")
        return content if inspect(content, None, []).waiting == 0 else b""

    content = await until("all records to be sealed", sealed)
    files = unpack(content)
    assert {"packet.json", "page.html", "proof.json"} <= set(files)
    page = files["page.html"].decode()
    assert "Service levels" in page
    assert "Alert rule" in page or "Monitor" in page
