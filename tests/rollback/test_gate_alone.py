"""The release gate from the records alone, while nobody is there to be asked."""

import asyncio
import json
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer

from bot.callers import Anyone
from bot.pages.routes import _known
from bot.simulator.identity import READER
from bot.store import Unwritable
from tests.house import House

NAME = "loan-prescreening"


async def test_the_gate_answers_from_the_records_where_no_service_runs(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await house.alert("resource", deployment="blue")
    await house.event("SignalsEvaluated")
    await house.stop()
    listed = json.dumps(house.watch.model_dump(mode="json"))
    (tmp_path / "watchkeeper.yaml").write_text(listed, "utf-8")
    monkeypatch.setenv("WATCHKEEPER_AZURE_MANAGEMENT_URL", house.cloud)
    monkeypatch.setenv("WATCHKEEPER_AZURE_LOGS_URL", house.cloud)
    monkeypatch.setenv("WATCHKEEPER_READER_CLIENT_ID", READER)
    here = ("--format", "json", "--state", str(tmp_path))
    by_url = ("--format", "json", "--database", house.settings.database_url)
    monkeypatch.setenv("WATCHKEEPER_WATCH_FILE", str(tmp_path / "watchkeeper.yaml"))

    busy = await _told(NAME, "blue", *here)
    calm = await _told(NAME, "green", *by_url)
    stranger = await _told("pink", "blue", *here)
    nowhere = await _told(NAME, "green", "--state", str(tmp_path / "no"))
    await house.start("serve")

    said = {"pass": False, "reasons": ["A-1 is open: resource, Sev 3"]}
    assert (1, {**said, "evidence": "G-1"}) == (busy[0], json.loads(busy[1]))
    kept = {"pass": True, "reasons": [], "evidence": "G-2"}
    assert (0, kept) == (calm[0], json.loads(calm[1]))
    assert (2, "watchkeeper gate: no watched endpoint has this name") == (
        stranger[0],
        stranger[2].strip(),
    )
    assert 2 == nowhere[0]
    assert "there is no database at" in nowhere[2]
    assert not (tmp_path / "no").exists()
    async with house.session.get(f"{house.bot}/evidence/G-1") as answer:
        assert 200 == answer.status


async def _told(*words: str) -> tuple[int | None, str, str]:
    """Return exit code and words of `watchkeeper gate`."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", "gate", *words,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, err = await process.communicate()
    return process.returncode, out.decode(), err.decode()


@pytest.mark.parametrize(
    "error",
    [Unwritable("no commit within 8 s"), sa.exc.OperationalError("", {}, OSError())],
)
async def test_a_gate_without_its_records_says_so(error: Exception) -> None:
    """
    A pipeline that is told 500 cannot know whether to ask again; 503 says when.
    """

    async def away(_: web.Request) -> web.StreamResponse:
        raise error

    app = web.Application()
    app.router.add_get("/api/gate/e/d", _known(Anyone(), away))
    async with TestServer(app) as server, ClientSession() as session:
        answer = await session.get(server.make_url("/api/gate/e/d"))
        assert (503, "5") == (answer.status, answer.headers["Retry-After"])
        assert {"error": "the records cannot be reached now"} == await answer.json()
        process = await _told("e", "d", "--url", str(server.make_url("")))
    assert 2 == process[0]
    assert "503" in process[2]
