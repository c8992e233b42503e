"""Every kind of alert that Azure sends reaches the running demo, and none is lost."""

from io import BytesIO

from tests.conftest import FIXTURES
from tests.story.conftest import Demo
from tests.story.remote import Remote, until

SAMPLES = sorted((FIXTURES / "alerts").glob("*.json"))


async def test_every_sample_is_taken_and_listed(quiet: Demo) -> None:
    team = await quiet.start()
    sent = [await _sent(team, path.name, path.read_bytes()) for path in SAMPLES]
    deliveries = {*sent} - {""}

    async def listed() -> set[str]:
        found = await team.get(f"{team.bot}/api/incidents")
        taken = [d for i in found["incidents"] for d in i["deliveries"]]
        return {*taken, *(u["id"] for u in found["unhandled"] if u["reason"])}

    assert len(deliveries) >= 25
    await until("all to be listed", listed, lambda ids: deliveries <= ids)


async def _sent(team: Remote, name: str, body: bytes) -> str:
    """Post a sample; return its delivery's id, "" for Event Grid's handshake."""
    events = name.startswith(("eg_", "ce_"))
    url = f"{team.bot}/api/{'events' if events else 'alerts'}"
    kind = "cloudevents+json" if name.startswith("ce_") else "json"
    headers = {"Content-Type": f"application/{kind}"}
    if "validation" in name:
        headers["aeg-event-type"] = "SubscriptionValidation"
    async with team.session.post(url, data=body, headers=headers) as answer:
        found = await answer.json()
        if "validation" in name:
            assert 200 == answer.status
            assert "validationResponse" in found
            return ""
        assert 202 == answer.status, (name, found)
        return str(found["delivery"])


BAD = (
    (b"not json", "application/json", 400),
    (b"{}", "application/json", 400),
    (b'{"a": NaN}', "application/json", 400),
    (b"{}", "text/plain", 415),
    (b" " * (2**20 + 1), "application/json", 413),
)


async def test_what_is_no_alert_is_refused_and_not_kept(quiet: Demo) -> None:
    team = await quiet.start()
    for body, kind, status in BAD:
        headers = {"Content-Type": kind}
        url = f"{team.bot}/api/alerts"
        sent = BytesIO(body)
        async with team.session.post(url, data=sent, headers=headers) as answer:
            assert status == answer.status
            assert "error" in await answer.text()

    found = await team.get(f"{team.bot}/api/incidents")
    assert {"incidents": [], "unhandled": []} == found
