"""The command line where nothing is set up, as somebody meets it who tries it out."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from bot.__main__ import application
from bot.store import Store


def cli(*words: str) -> Result:
    return CliRunner().invoke(application(), list(words))


@pytest.fixture(autouse=True)
def _nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run in an empty folder, with none of our variables set."""
    monkeypatch.chdir(tmp_path)
    for name in ("DATABASE_URL", "PUBLIC_URL", "HOST", "PORT"):
        monkeypatch.delenv(f"WATCHKEEPER_{name}", raising=False)


def test_nobody_is_asked_to_compare_where_there_is_no_database(tmp_path: Path) -> None:
    """
    It made an empty database and said "asked": an operator waited for an answer of nobody.
    """
    asked = cli("reconcile")

    assert (2, "") == (asked.exit_code, asked.stdout)
    assert "there is no database at .watchkeeper/watchkeeper.db" in asked.stderr
    assert [] == list(tmp_path.iterdir())


def test_what_was_asked_is_told_to_programs_too(tmp_path: Path) -> None:
    Store.open(f"sqlite:///{tmp_path / 'watchkeeper.db'}").close()

    asked = cli("reconcile", "--state", str(tmp_path), "--format", "json")

    assert 0 == asked.exit_code, asked.output
    assert ["since"] == list(json.loads(asked.stdout))


def test_the_gate_asks_the_service_that_the_variables_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """
    With the demo's `serve.env` read in, it asked the default port and reached nobody.
    """
    monkeypatch.setenv("WATCHKEEPER_HOST", "127.0.0.1")
    monkeypatch.setenv("WATCHKEEPER_PORT", "9")

    answer = cli("gate", "loan-prescreening", "blue")

    assert 2 == answer.exit_code
    assert (
        "watchkeeper gate: the service does not answer at http://127.0.0.1:9\n"
        == answer.stderr
    )
