"""The command line where nothing is set up, as somebody meets it who tries it out."""

import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from bot.__main__ import NAMES, application
from bot.cli import audit, evidence, store
from bot.cli._usage import Commands
from bot.store import Store


def cli(*words: str) -> Result:
    return CliRunner().invoke(application(), list(words))


@pytest.fixture(autouse=True)
def _nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run in an empty folder, with none of our variables set."""
    monkeypatch.chdir(tmp_path)
    for name in ("DATABASE_URL", "PUBLIC_URL", "HOST", "PORT"):
        monkeypatch.delenv(f"WATCHKEEPER_{name}", raising=False)


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


def _run(*words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run it as a process, whose output goes where `/dev/full` is: no room is left."""
    with Path("/dev/full").open("w") as full:
        return subprocess.run(
            [sys.executable, "-m", "bot", *words],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            env={**os.environ, **variables},
        )


def test_a_full_disk_is_no_verdict(tmp_path: Path) -> None:
    """
    Python ends with 1 when it cannot write; of `audit verify` that meant "changed".
    """
    Store.open(f"sqlite:///{tmp_path / 'watchkeeper.db'}").close()

    done = _run("audit", "verify", "--state", str(tmp_path))

    assert (2, "watchkeeper audit: No space left on device\n") == (
        done.returncode,
        done.stderr,
    )


def test_an_error_nobody_foresaw_is_no_verdict() -> None:
    def broken() -> None:
        raise KeyError("endpoint")

    ours = typer.Typer(cls=Commands)
    ours.callback()(lambda: None)
    ours.command()(broken)

    done = CliRunner().invoke(ours, ["broken"])

    assert (2, "watchkeeper broken: cannot go on: KeyError: 'endpoint'\n") == (
        done.exit_code,
        done.stderr,
    )


def test_letters_that_the_terminal_lacks_are_replaced() -> None:
    """
    On a Latin-1 terminal `--help` ended in a stack trace.
    """
    done = subprocess.run(
        [sys.executable, "-m", "bot", "--help"],
        capture_output=True,
        check=False,
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
    )

    assert (0, b"") == (done.returncode, done.stderr)
    assert b"Usage: " in done.stdout


@pytest.mark.parametrize("words", [(), *((name,) for name in NAMES)], ids=str)
def test_each_help_shows_an_example(words: tuple[str, ...]) -> None:
    shown = cli(*words, "-h")

    assert 0 == shown.exit_code
    assert "Example: " in shown.output
    assert "watchkeeper" in shown.output.partition("Example: ")[2]


def test_each_command_of_a_group_shows_an_example() -> None:
    groups = {"audit": audit.app, "evidence": evidence.app, "store": store.app}
    names = [
        (group, str(command.name or getattr(command.callback, "__name__", "")))
        for group, app in groups.items()
        for command in app.registered_commands
    ]

    without = [name for name in names if "Example: " not in cli(*name, "-h").output]

    assert len(names) > len(groups)
    assert [] == without


def test_it_tells_which_one_it_is() -> None:
    assert f"watchkeeper {version('watchkeeper')}\n" == cli("--version").output
    assert "backtest" in cli("replay", "--help").output  # by its other name
