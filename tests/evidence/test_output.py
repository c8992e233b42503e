"""`--output -` is standard output, byte for byte, as it is everywhere else."""

import io
import zipfile
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from bot.__main__ import application
from bot.store import Store
from tests.evidence.conftest import write


@pytest.fixture
async def state(tmp_path: Path, url: str) -> Path:
    store = Store.open(url)
    await write(store, 6)
    store.close()
    return tmp_path


def run(state: Path, *words: str) -> Result:
    return CliRunner().invoke(application(), [*words, "--state", str(state)])


def test_a_packet_can_be_piped(
    state: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    It once lay in a file of that name, and what it was piped to got nothing.
    """
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "A-1.zip"
    piped = run(state, "evidence", "export", "A-1", "--output", "-")
    filed = run(state, "evidence", "export", "A-1", "--output", str(file))

    assert (0, 0) == (piped.exit_code, filed.exit_code), piped.output + filed.output
    assert file.read_bytes() == piped.stdout_bytes
    assert "page.html" in zipfile.ZipFile(io.BytesIO(piped.stdout_bytes)).namelist()
    assert "standard output: " in piped.stderr
    assert not Path("-").exists()


def test_other_data_can_be_piped_too(
    state: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    run(state, "evidence", "export", "A-1", "--output", "A-1.zip")
    days = [str(tmp_path / f"{name}.csv") for name in ("then", "now")]
    for day in days:
        Path(day).write_text("age\n" + "\n".join(map(str, range(40))) + "\n")
    asked = (
        ["evidence", "list"],
        ["evidence", "show", "A-1", "--format", "html"],
        ["audit", "prove", "A-1.zip"],
    )
    for words in asked:
        plain, dash = run(state, *words), run(state, *words, "--output", "-")
        assert (0, plain.stdout) == (dash.exit_code, dash.stdout), words
    for words in (["drift", *days], ["backtest", *days]):
        for kind in ("table", "json"):
            told = [*words, "--format", kind]
            plain = CliRunner().invoke(application(), told)
            dash = CliRunner().invoke(application(), [*told, "--output", "-"])
            assert (0, plain.stdout) == (dash.exit_code, dash.stdout), told
            assert plain.stdout
    assert not Path("-").exists()


def test_a_folder_that_is_not_there_is_one_line(state: Path, tmp_path: Path) -> None:
    run(state, "evidence", "export", "A-1", "--output", str(tmp_path / "A-1.zip"))
    gone = ["--output", str(tmp_path / "gone" / "x")]
    proof = run(state, "audit", "prove", str(tmp_path / "A-1.zip"), *gone)

    assert 2 == proof.exit_code
    assert 1 == len(proof.stderr.splitlines())
    assert "No such file" in proof.stderr
