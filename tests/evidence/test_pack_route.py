"""A model's pack as people reach it: in Teams, as a page, as the zip."""

import json

from bot.evidence.inspect import inspect
from tests.house import House
from tests.story.remote import until


async def got(house: House, path: str, accept: str = "text/html") -> tuple[int, bytes]:
    url = f"{house.bot}/evidence/model/{path}"
    async with house.session.get(url, headers={"Accept": accept}) as answer:
        return answer.status, await answer.read()


async def test_the_pack_is_a_page_and_a_zip_that_verifies(house: House) -> None:
    await house.alert()
    await house.event("EvidenceCollected")
    await house.event("CardShown")

    async def zipped() -> bytes:
        _, content = await got(house, "loan-prescreening?period=7d", "application/zip")
        return content if inspect(content, None, []).records else b""

    await until("the records to be sealed", zipped)
    status, page = await got(house, "loan-prescreening")
    assert (200, True) == (status, b"article 26(5)" in page)
    assert b"latency-p95" in page
    status, content = await got(house, "loan-prescreening", "application/json")
    assert (200, "loan-prescreening") == (status, json.loads(content)["model"])


async def test_odd_periods_and_models_are_answered_in_words(house: House) -> None:
    for path, status in (
        ("nobody", 404),
        ("loan-prescreening?period=soon", 400),
        ("loan-prescreening?from=2026-01-01&to=2026-02-01", 400),
        ("loan-prescreening?from=x&to=y", 400),
        ("loan-prescreening?from=2026-01-01T00:00:00Z", 400),
        ("loan-prescreening?from=1990-01-01T00:00:00Z&to=2026-02-01T00:00:00Z", 400),
    ):
        found, body = await got(house, path)
        assert (path, status) == (path, found)
        assert b"error" in body


async def test_risk_asks_for_a_model_in_the_channel(house: House) -> None:
    await house.alert()

    await house.say("sam", "evidence loan-prescreening 30d")
    told = await house.told("1 incident since")
    assert "/evidence/model/loan-prescreening?from=" in told
