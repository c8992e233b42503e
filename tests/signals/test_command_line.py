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


def test_names_from_data_command_no_terminal(tmp_path: Path) -> None:
    """
    A column called by an escape sequence could clear the screen, or turn a line round.
    """
    path = tmp_path / "a.parquet"
    values = ["\x1b[31mred", "\u202eleft"] * 300
    pq.write_table(pa.table({"\x1b[2J\u202ea": values}), path)
    shown = [
        run("drift", path, path, *more).output
        for more in ((), ("--format", "html"), ("--columns", "\x1b[2J"))
    ]
    past = run("backtest", path, path)

    for text in (*shown, past.output):
        assert not {"\x1b", "\u202e"} & set(text)
    assert "\\x1b[2J\\u202ea" in shown[0]
    assert "\\x1b[31mred" in shown[1]


def test_exit_code_and_rows_say_the_same_of_an_empty_window(tmp_path: Path) -> None:
    """
    Azure ML limits the row count, so beside no rows at all it alerts.
    """
    (tmp_path / "a.csv").write_text("a\n1\n2\n")
    (tmp_path / "none.csv").write_text("a\n")
    done = run(
        "drift", tmp_path / "none.csv", tmp_path / "a.csv", "--format=json",
        "--task=data-quality", "--mode=azureml",
    )  # fmt: skip

    breached = [r["metric_name"] for r in json.loads(done.stdout) if r["breached"]]
    assert (1, ["RowCount"]) == (done.exit_code, breached)


@pytest.mark.parametrize(
    "arguments",
    [
        ("nowhere.parquet", "b.csv"),
        ("b.csv", "d.csv", "--segment", "a"),
        ("b.csv", "a.parquet"),
        ("b.csv", "b.csv", "--metrics", "jensen"),
        ("b.csv", "c.csv"),
        ("b.csv", "b.csv", "--output", "no/such/folder/x", "--format", "json"),
        ("b.csv", "b.csv", "--threshold", "nan"),
        ("b.csv", "b.csv", "--task", "data-quality", "--metrics", "js"),
        ("b.csv", "b.csv", "--metrics", "js,nulls"),
        ("b.csv", "b.csv", "--metrics", "chi2", "--columns", "a"),
    ],
)
def test_bad_input_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.parquet").write_bytes(b"PAR1 not really")
    (tmp_path / "b.csv").write_text("a,b\n1,2\n")
    (tmp_path / "c.csv").write_text("c\n1\n")
    (tmp_path / "d.csv").write_text("a,b\nx,y\n")

    done = run("drift", *arguments)

    assert 2 == done.exit_code
    assert 1 == done.stderr.count("\n")
    assert done.stderr.startswith("watchkeeper drift: ")
    assert "Traceback" not in done.output


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ("drift",),
            "drift: missing argument 'reference'; see watchkeeper drift --help",
        ),
        (("drift", "a", "b", "--nope"), "drift: no such option: --nope"),
        (
            ("drift", "a", "b", "--format", "xml"),
            "drift: invalid value for '--format': ",
        ),
        (("drift", "a", "b", "--format"), "drift: option '--format' requires"),
        (
            ("audit", "nope"),
            "audit: no such command 'nope'; see watchkeeper audit --help",
        ),
        (("backtest", "a", "--rate", "much"), "backtest: "),
        (("drft",), "watchkeeper: no such command 'drft'. Did you mean 'drift'"),
    ],
)
def test_what_is_typed_wrongly_is_one_line(
    arguments: tuple[str, ...], said: str
) -> None:
    """
    In a pipeline's log a box of lines hides which of its words was wrong.
    """
    done = run(*arguments)

    assert (2, 1, "") == (done.exit_code, done.stderr.count("\n"), done.stdout)
    assert said in done.stderr
    assert "--help" in done.stderr


def test_too_little_to_judge_is_loud_and_no_breach(tmp_path: Path) -> None:
    """
    A collector that stopped must not look like a quiet day to a release pipeline.
    """
    (tmp_path / "a.csv").write_text("a\n" + "1\n2\n" * 500)
    (tmp_path / "none.csv").write_text("a\n")
    (tmp_path / "few.csv").write_text("a\n1\n2\n")
    for name in ("none", "few"):
        sides = tmp_path / "a.csv", tmp_path / f"{name}.csv"
        plain, strict = run("drift", *sides), run("drift", *sides, "--strict")
        assert (0, 2) == (plain.exit_code, strict.exit_code)
        assert plain.stderr.startswith("watchkeeper drift: not judged: Not enough data")
        assert 1 == plain.stderr.count("\n") == strict.stderr.count("\n")
    judged = run("drift", tmp_path / "a.csv", tmp_path / "a.csv", "--strict")
    assert (0, "") == (judged.exit_code, judged.stderr)


def test_what_was_not_compared_is_said_in_json_too(tmp_path: Path) -> None:
    """
    A pipeline reads the rows only; "no breach" of half the columns is no good news.
    """
    (tmp_path / "a.csv").write_text("a,b\n1,2\n")
    (tmp_path / "b.jsonl").write_text('{"a": 1}\nbroken\n')
    (tmp_path / "none.jsonl").write_text("")
    done = run(
        "drift", tmp_path / "a.csv", tmp_path / "b.jsonl", "--format", "json",
        "--metrics", "js,js",
    )  # fmt: skip
    empty = run("drift", tmp_path / "a.csv", tmp_path / "none.jsonl", "--format=json")

    *figures, _, target = json.loads(done.stdout)
    assert 1 == len(figures)
    assert any("b.jsonl" in flag for flag in target["flags"])
    assert "not compared: b: not in production" in target["flags"]
    *_, target = json.loads(empty.stdout)
    assert "window is empty" in target["flags"][0]


def test_a_column_of_parts_is_left_out_whatever_it_is_called(tmp_path: Path) -> None:
    """
    A crash would end with 1, which a pipeline takes for a breach.
    """
    path = tmp_path / "a.parquet"
    parts = pa.array([{"x": 1}] * 600)
    pq.write_table(pa.table({"a": np.arange(600.0), "parts": parts}), path)
    done = run("drift", path, path, "--mode=azureml", "--categorical=parts")

    assert 0 == done.exit_code
    assert "not compared: parts: struct<x: int64> is not compared" in done.stdout


def test_metrics_of_data_quality_ask_for_data_quality(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a,b\n" + "1,\n" * 600)
    options = ("--format", "json", "--mode", "azureml")
    short, long = (
        run("drift", tmp_path / "a.csv", tmp_path / "a.csv", *options, *more)
        for more in (
            ("--metrics", "types,nulls"),
            ("--task", "data-quality", "--metrics", "types,nulls"),
        )
    )

    assert json.loads(long.stdout) == json.loads(short.stdout)
    assert "RowCount" in short.stdout


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


def test_stored_days_are_replayed_one_by_one(tmp_path: Path) -> None:
    """
    The profiles that the daily runs left are the windows that a limit is tried on.
    """
    rng, keep = np.random.default_rng(2), ("--keep", tmp_path / "kept")
    for day in (20, 21, 23):
        path = tmp_path / f"{day}.parquet"
        pq.write_table(pa.table({"a": rng.normal(day == 23, 1, 1_000)}), path)
        named = ("--series", "loan", "--day", f"2026-11-{day}")
        assert 0 == run("profile", path, *keep, *named).exit_code

    span = "profile:loan@2026-11-01..2026-11-23"
    done = run("backtest", tmp_path / "20.parquet", span, *keep, "--format", "json")
    none = run("backtest", tmp_path / "20.parquet", "profile:loan@2025-01-01", *keep)

    (replay,) = json.loads(done.stdout)
    assert [f"profile:loan@2026-11-{d}" for d in (20, 21, 23)] == replay["windows"]
    assert (1, 2) == (replay["alerts"], none.exit_code)


def test_performance_takes_the_scores_that_are_named(tmp_path: Path) -> None:
    rows = "".join(f"{i % 2},{i % 2 if i % 5 else 0}\n" for i in range(600))
    (tmp_path / "a.csv").write_text("label,said\n" + rows)
    options = ("--task", "performance", "--target", "label", "--predicted", "said")
    done, azure, stray = (
        run("drift", tmp_path / "a.csv", tmp_path / "a.csv", *options, *more)
        for more in (
            ("--metrics", "Recall", "--format", "json"),
            ("--mode", "azureml", "--format", "json"),
            ("--metrics", "js"),
        )
    )

    names = [row["metric_name"] for row in json.loads(done.stdout)]
    assert ["Recall", "BaselineRowCount", "TargetRowCount"] == names
    assert {"NaN"} == {row["threshold_value"] for row in json.loads(azure.stdout)}
    assert (0, 0, 2) == (done.exit_code, azure.exit_code, stray.exit_code)
    assert "js is none of Accuracy, Precision, Recall" in stray.stderr
