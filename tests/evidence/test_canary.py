"""Planted secrets and personal values: they reach no card, log, packet, page or object."""

import asyncio
import json
import logging
import sqlite3
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from bot.__main__ import application
from bot.simulator.people import JONAS
from tests.house import House, open_house
from tests.story.remote import until

RARE = "Zyzzyva-Kanari"  # three patients on a ward of its own
PROTECTED = "Qoph-Geschuetzt"  # an attribute that must not even be read
SECRET = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJjYW5hcnkifQ.c2lnbmF0dXJlLWNhbmFyeQ"
ADDRESS = "203.0.113.7"  # of a person, in the activity log
MAIL = "@contoso.example"
STRAY = Path(__file__).parents[1] / "fixtures/alerts/cas_log_v1_metric_measurement.json"
PLANTED = (RARE, PROTECTED, SECRET, ADDRESS, MAIL)


def plant(blobs: Path) -> None:
    """Put the canaries into the data that the monitor compares."""
    for path in blobs.rglob("rows.parquet"):
        table = pq.read_table(path)
        count = table.num_rows
        wards = table["ward"].to_pylist()
        wards[0] = RARE if "training" in path.parts else wards[0]
        sexes = [f"{PROTECTED}-{value}" for value in table["sex"].to_pylist()]
        assert count == len(sexes)
        names = table.column_names
        table = table.set_column(names.index("ward"), "ward", pa.array(wards))
        table = table.set_column(names.index("sex"), "sex", pa.array(sexes))
        pq.write_table(table, path)


async def seen(house: House) -> dict[str, str]:
    """Return all that anybody could read, by where it stands."""
    found = {"channel": str(await house.activities())}
    for name, accept in (("page", "text/html"), ("packet", "application/json")):
        headers = {"Accept": accept}
        async with house.session.get(
            f"{house.bot}/evidence/A-1", headers=headers
        ) as answer:
            assert answer.ok
            found[name] = await answer.text()
    url = f"{house.bot}/evidence/A-1?for=owner"
    async with house.session.get(url, headers={"Accept": "text/html"}) as answer:
        found["owner's page"] = await answer.text()
    headers = {"Accept": "application/zip"}
    async with house.session.get(
        f"{house.bot}/evidence/A-1", headers=headers
    ) as answer:
        found["zip"] = (await answer.read()).decode("utf-8", "replace")
    for path in ("metrics", "readyz", "api/incidents", "api/incidents/A-1"):
        async with house.session.get(f"{house.bot}/{path}") as answer:
            found[path] = await answer.text()
    return found | shelved(house) | await asyncio.to_thread(typed, house)


def typed(house: House) -> dict[str, str]:
    """Return what the commands print, to somebody at the machine."""
    state = str(Path(house.settings.database_url.removeprefix("sqlite:///")).parent)
    asked = [["evidence", "list"], ["evidence", "export", "A-1", "--output", "-"]]
    asked += [["evidence", "show", "A-1", "--format", f] for f in ("text", "json")]
    name = next(iter(house.watch.endpoints)).name
    asked += [["evidence", "export", "--model", name, "--output", "-"]]
    found = {}
    for words in asked:
        told = CliRunner().invoke(application(), [*words, "--state", state])
        assert 0 == told.exit_code, (words, told.output)
        found[" ".join(words)] = told.stdout_bytes.decode("utf-8", "replace")
        found[f"{' '.join(words)}, errors"] = told.stderr
    return found


def shelved(house: House) -> dict[str, str]:
    """Return all objects on the shelf, and the rows of history and log."""
    found = {}
    for path in Path(house.settings.evidence_url).rglob("*"):
        if path.is_file():
            found[f"shelf {path.name}"] = path.read_bytes().decode("utf-8", "replace")
    file = house.settings.database_url.removeprefix("sqlite:///")
    with sqlite3.connect(file) as db:
        found["history"] = str(db.execute("SELECT * FROM history").fetchall())
        found["log"] = str(db.execute("SELECT * FROM log_leaf").fetchall())
    return found


async def test_nothing_that_was_planted_is_found_anywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    for name in ("state", "blobs"):
        (tmp_path / name).mkdir()
    async with open_house(
        tmp_path / "state", tmp_path / "blobs", monkeypatch, tells="clinical"
    ) as house:
        plant(tmp_path / "blobs")
        await house.sim_post("azure/endpoints", tags={"note": f"Bearer {SECRET}"})
        await house.sim_post("azure/traffic", traffic={"blue": 70, "green": 30})
        await house.start()
        await house.event("EvidenceCollected")
        await house.event("CardShown")
        await until("the card", house.cards)
        found = await seen(house)

    found["logs"] = "\n".join(r.getMessage() for r in caplog.records if _ours(r))
    assert any("lactate" in text for text in found.values())  # there was data to leak
    assert any(JONAS.person in text for text in found.values())  # and a changed log
    for where, text in found.items():
        for canary in PLANTED:
            assert canary not in text, f"{canary} is in {where}"


async def test_what_people_write_is_kept_without_the_secrets_in_it(
    house: House,
) -> None:
    """
    Someone pastes what they have at hand into a reason; a packet may go anywhere.
    """
    await house.alert()
    card = f"AccountKey={'Kanari0+' * 10}KanKan=="
    await house.say("priya", f"note 1 the vendor uses password=Kanari-1 and {card}")
    await house.say("priya", f"decide 1 accept seen with Bearer {SECRET} until Monday")
    await house.event("DecisionRecorded")
    await house.event("Noted")
    stray = json.loads(STRAY.read_bytes())
    stray["data"]["essentials"]["alertRule"] = f"rule Bearer {SECRET} of nobody{MAIL}"
    status, _ = await house.post(f"{house.bot}/api/alerts", stray)
    assert 202 == status
    listed = await until(
        "the stray call",
        lambda: house.get(f"{house.bot}/api/incidents"),
        lambda found: "rule Bearer" in str(found),
    )

    said = [a for a in await house.activities() if a["card"]]  # not Priya's own words
    found = {**await seen(house), "channel": str(said), "list": str(listed)}
    for where, text in found.items():
        for canary in ("Kanari", SECRET, MAIL):
            assert canary not in text, f"{canary} is in {where}"


def _ours(record: logging.LogRecord) -> bool:
    """Return whether a deployed program writes this: no library's debug lines."""
    return record.name.startswith("bot") or record.levelno >= logging.WARNING
