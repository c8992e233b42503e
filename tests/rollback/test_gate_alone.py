"""The release gate from the records alone, while nobody is there to be asked."""

import asyncio
import json
import sys
from pathlib import Path

import pytest

from bot.simulator.identity import READER
from tests.house import House

NAME = "loan-prescreening"


async def test_the_gate_answers_from_the_records_where_no_service_runs(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await house.alert("latency", deployment="blue")
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

    said = {"pass": False, "reasons": ["A-1 is open: latency, Sev 2"]}
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
