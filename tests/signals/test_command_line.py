"""`watchkeeper drift` and `backtest` as a person or a pipeline calls them."""

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner, Result

from bot.__main__ import application

ORACLES = Path(__file__).parent.parent / "fixtures" / "oracles"
FIELDS = [
    "feature_name",
    "metric_value",
    "data_type",
    "metric_name",
    "group",
    "group_pivot",
    "threshold_value",
    "mode",
    "breached",
    "flags",
]


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(application(), [str(argument) for argument in arguments])


def case(name: str) -> tuple[Path, Path]:
    return ORACLES / name / "baseline.parquet", ORACLES / name / "production.parquet"


def refuse(word: str) -> float:
    raise ValueError(f"{word} is not JSON")


def test_rows_have_azure_mls_fields() -> None:
    done = run(
        "drift", *case("num_inf"), "--mode=azureml", "--metrics=js,nwd", "--format=json"
    )

    rows = json.loads(done.stdout, parse_constant=refuse)
    assert 1 == done.exit_code
    assert all(FIELDS == list(row) for row in rows)
    by_metric = {row["metric_name"]: row for row in rows}
    assert "NaN" == by_metric["NormalizedWassersteinDistance"]["metric_value"]
    js = by_metric["JensenShannonDistance"]
    assert js["metric_value"] is None
    assert "Azure ML raises ValueError" in js["flags"][0]
    assert 500.0 == by_metric["BaselineRowCount"]["metric_value"]


def test_a_person_sees_a_sentence_and_bars(tmp_path: Path) -> None:
    done = run("drift", *case("real_employment_ma"), "--threshold", "0.2")
    quiet = run("drift", case("num_mix")[0], case("num_mix")[0])
    told = run("drift", *case("num_mix"), "--output", tmp_path / "report.txt")

    assert "features are over the drift limit" in done.stdout
    assert "█" in done.stdout
    assert (1, 0, 1) == (done.exit_code, quiet.exit_code, told.exit_code)
    assert "bimodal" in (tmp_path / "report.txt").read_text()


def test_a_page_stands_alone(tmp_path: Path) -> None:
    """
    A report is mailed and archived: nothing in it may come from a network.
    """
    path = tmp_path / "report.html"
    run("drift", *case("cat_mix"), "--format", "html", "--output", path)

    html = path.read_text()
    assert html.startswith("<!doctype html>")
    assert not [word for word in ("<script", "http:", "https:", "url(") if word in html]


def test_names_from_data_do_not_become_markup(tmp_path: Path) -> None:
    """
    A column may be called anything, in a terminal's markup or in HTML's.
    """
    name = "[red]<script>alert(1)</script>"
    rows = [f"<b>{i % 3}</b>" for i in range(600)]
    pq.write_table(pa.table({name: rows}), tmp_path / "a.parquet")
    table = run("drift", tmp_path / "a.parquet", tmp_path / "a.parquet")
    html = run(
        "drift", tmp_path / "a.parquet", tmp_path / "a.parquet", "--format", "html"
    )

    assert "[red]" in table.stdout
    assert "<script" not in html.stdout
    assert "<b>" not in html.stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ("nowhere.parquet", "b.csv"),
        ("b.csv", "a.parquet"),
        ("b.csv", "b.csv", "--metrics", "jensen"),
        ("b.csv", "c.csv"),
        ("b.csv", "b.csv", "--output", "no/such/folder/x", "--format", "json"),
    ],
)
def test_bad_input_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.parquet").write_bytes(b"PAR1 not really")
    (tmp_path / "b.csv").write_text("a,b\n1,2\n")
    (tmp_path / "c.csv").write_text("c\n1\n")

    done = run("drift", *arguments)

    assert 2 == done.exit_code
    assert 1 == done.stderr.count("\n")
    assert done.stderr.startswith("watchkeeper drift: ")
    assert "Traceback" not in done.output


def test_help_shows_an_example() -> None:
    for command in ("drift", "backtest"):
        assert f"Example: watchkeeper {command} " in run(command, "--help").stdout


def test_past_windows_say_what_a_limit_would_have_done(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    paths = []
    for day in range(20):
        shift = 1.0 if day == 19 else 0.0
        path = tmp_path / f"day{day:02d}.parquet"
        pq.write_table(pa.table({"a": rng.normal(shift, 1, 1_000)}), path)
        paths.append(path)

    done = run("backtest", paths[0], *paths[1:], "--format", "json", "--rate", "0.06")
    table = run("backtest", paths[0], *paths[1:])

    (replay,) = json.loads(done.stdout)
    assert (0, 1, 19) == (done.exit_code, replay["alerts"], len(replay["values"]))
    assert 0.05 < replay["proposed"] < 0.2
    assert "1 of 1 limits would have alerted in 19 windows." in table.stdout
    assert 2 == run("backtest", paths[0], tmp_path / "nowhere.csv").exit_code
