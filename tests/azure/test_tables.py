"""Inference tables in Log Analytics and Data Explorer: profiled there, compared here."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from aiohttp.test_utils import TestServer
from typer.testing import CliRunner

from bot.__main__ import application
from bot.signals import profile
from bot.signals.shelf import Shelf
from tests.azure.kusto import Kusto
from tests.signals.mixed import mixed, unlike

START = datetime(2026, 11, 23, tzinfo=UTC)
DAY = ("--from", "2026-11-23T00:00:00Z", "--to", "2026-11-24T00:00:00Z")
# What Kusto has no type for, or would call by another name.
_ELSEWHERE = ["real", "round", "gaps", "huge", "few", "flag", "many", "a.b `c`"]


@pytest.fixture
async def kusto(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[tuple[Kusto, str]]:
    kusto = Kusto()
    async with TestServer(kusto.app()) as server:
        url = str(server.make_url("")).rstrip("/")
        for name in ("MANAGEMENT", "LOGS"):
            monkeypatch.setenv(f"WATCHKEEPER_AZURE_{name}_URL", url)
        monkeypatch.setenv("WATCHKEEPER_READER_CLIENT_ID", "reader")
        monkeypatch.setenv("IDENTITY_ENDPOINT", f"{url}/msi/token")
        monkeypatch.setenv("IDENTITY_HEADER", "secret")
        yield kusto, url


async def run(*typed: str) -> tuple[int, str, str]:
    """Return exit code, output and errors; the server answers meanwhile."""
    asked = partial(CliRunner().invoke, application(), ["profile", *typed])
    done = await asyncio.to_thread(asked)
    return done.exit_code, done.stdout.strip(), done.stderr.strip()


@pytest.mark.parametrize("engine", ["logs", "explorer"])
async def test_a_table_in_kusto_gets_the_profile_that_we_make(
    kusto: tuple[Kusto, str], tmp_path: Path, engine: str
) -> None:
    """
    The rows stay where they are and the figures are the same: yesterday's are left out.
    """
    there, url = kusto
    rows = mixed(3_000).select(_ELSEWHERE)
    there.put("Inference_CL", rows, START - timedelta(seconds=1_000))
    at = "6a7b" if engine == "logs" else f"{url}/models"
    typed = ("Inference_CL", "--engine", engine, "--at", at, *DAY)
    code, digest, said = await run(*typed, "--keep", str(tmp_path))

    assert (0, "") == (code, said)
    ours = profile(rows.slice(1_000))
    assert [] == unlike(ours, Shelf(tmp_path).read(digest))
    assert not any("IdentityData" in query for query in there.asked)


async def test_a_column_of_few_values_has_one_digest_everywhere(
    kusto: tuple[Kusto, str], tmp_path: Path
) -> None:
    there, _ = kusto
    rows = mixed(900).select(["gaps", "few", "flag", "round"])
    there.put("Loans", rows, START)
    typed = ("Loans", "--engine", "logs", "--at", "6a7b", *DAY, "--keep", str(tmp_path))
    _, digest, _ = await run(*typed)

    assert profile(rows).digest == digest


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (("Loans", "--engine", "logs"), "--engine logs takes --at, --from and --to"),
        (
            ("a|b", "--engine", "logs", "--at", "x", *DAY),
            "no table can be called 'a|b'",
        ),
        (
            ("Loans", "--engine", "explorer", "--at", "cluster", *DAY),
            "--at takes https://cluster.kusto.windows.net/database",
        ),
        (
            ("Loans", "--engine", "explorer", "--at", "http://else.where/db", *DAY),
            "'http://else.where': https, or http on this machine alone",
        ),
    ],
)
async def test_what_cannot_be_asked_is_one_line(
    kusto: tuple[Kusto, str], typed: tuple[str, ...], said: str
) -> None:
    code, _, line = await run(*typed)

    assert (2, f"watchkeeper profile: {said}") == (code, line)


@pytest.mark.parametrize("engine", ["logs", "explorer"])
async def test_a_part_of_the_rows_is_no_profile(
    kusto: tuple[Kusto, str], engine: str
) -> None:
    """
    Kusto says 200 to a query that it gave up half way: less data is not less drift.
    """
    there, url = kusto
    there.put("Loans", mixed(50).select(["few"]), START)
    there.partial = True
    at = "6a7b" if engine == "logs" else f"{url}/models"
    code, _, line = await run("Loans", "--engine", engine, "--at", at, *DAY)

    assert 2 == code
    assert line.endswith("answers for some of the rows only.")


async def test_a_database_that_is_not_there_is_one_line(
    kusto: tuple[Kusto, str],
) -> None:
    _, url = kusto
    typed = ("Loans", "--engine", "explorer", "--at", f"{url}/none", *DAY)
    code, _, line = await run(*typed)

    assert 2 == code
    assert 1 == len(line.splitlines())
    assert "the database none" in line
