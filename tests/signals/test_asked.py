"""`watchkeeper drift` on models, labels, segments and stored profiles."""

import json
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bot.signals import compare, evaluate, from_json, profile, to_json
from bot.signals.labels import labelled
from bot.signals.readers import read
from bot.signals.shelf import Shelf
from bot.signals.split import carriers
from tests.signals.test_command_line import run


def store(folder: Path, name: str, **columns: object) -> Path:
    path = folder / f"{name}.parquet"
    pq.write_table(pa.table(columns), path)
    return path


def answers(n: int, wrong: float, seed: int = 1) -> dict[str, object]:
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, 2, n)
    flipped = np.where(rng.random(n) < wrong, 1 - truth, truth)
    return {"id": np.arange(n), "label": truth, "said": flipped}


def test_a_model_that_got_worse_is_a_breach(tmp_path: Path) -> None:
    good = store(tmp_path, "good", **answers(2_000, 0.05))
    bad = store(tmp_path, "bad", **answers(2_000, 0.3))
    told = ("--task=performance", "--target=label", "--predicted=said")

    worse, same = run("drift", good, bad, *told), run("drift", good, good, *told)

    assert (1, 0) == (worse.exit_code, same.exit_code)
    assert "below its limit" in worse.stdout
    lacking = run("drift", good, bad, "--task=performance", "--target=label")
    assert (2, 1) == (lacking.exit_code, lacking.stderr.count("\n"))


def test_labels_that_came_later_are_joined(tmp_path: Path) -> None:
    """
    Labels come days after, in another file, in another order, some of them twice.
    """
    past = store(tmp_path, "past", **answers(2_000, 0.05))
    now = answers(2_000, 0.05, seed=2)
    truth = np.asarray(now.pop("label"))
    when = np.datetime64("2026-11-20T00:00", "us")
    left = store(tmp_path, "now", **now, at=np.full(2_000, when))
    order = np.random.default_rng(3).permutation(1_000)
    late = store(
        tmp_path,
        "late",
        id=np.concatenate((order, order)),
        label=np.concatenate((1 - truth[order], truth[order])),
        seen=np.full(2_000, when + np.timedelta64(3, "D")),
    )

    done = run(
        "drift",
        past,
        left,
        "--task=performance",
        "--target=label",
        "--predicted=said",
        f"--labels={late}",
        "--on=id",
        "--times=at,seen",
    )

    assert 0 == done.exit_code, done.output
    assert "labels for 1,000 of 2,000 predictions (50%)" in done.stdout
    assert "labels came 3 days after their prediction" in done.stdout


def test_what_labels_lack_is_said_in_a_line(tmp_path: Path) -> None:
    frame = read(str(store(tmp_path, "a", **answers(9, 0.0))))

    with pytest.raises(ValueError, match="score: not in the predictions"):
        labelled(frame, truth="label", predicted="score")
    told = labelled(frame, truth="label", predicted="said", task="regression")
    assert ("regression", "float64") == (told.task, str(told.truth.dtype))


def test_a_truth_value_is_one_or_nought(tmp_path: Path) -> None:
    """
    A label of true beside a prediction of 1 is right, not another word.
    """
    said = [1, 0, 1, 1]
    path = store(tmp_path, "a", label=[True, False, True, False], said=said)
    told = labelled(read(str(path)), truth="label", predicted="said")

    assert "classification" == told.task
    assert [True, True, True, False] == (told.truth == told.predicted).tolist()


def test_attribution_is_asked_of_two_files(tmp_path: Path) -> None:
    rng = np.random.default_rng(4)
    paths = []
    for name, weights in (("a", (3.0, 1.0)), ("b", (0.2, 3.0))):
        x, y = rng.normal(size=(2, 1_500))
        label = weights[0] * x + weights[1] * y
        paths.append(store(tmp_path, name, x=x, y=y, label=label))

    told = ("--task=feature-attribution", "--target=label", "--threshold=0.95")
    done, same = run("drift", *paths, *told), run("drift", paths[0], paths[0], *told)

    assert (1, 0) == (done.exit_code, same.exit_code), done.output
    assert "leans on other features" in done.stdout
    assert "NDCG" in done.stdout
    assert 2 == run("drift", *paths, *told[:1], "--target=z").exit_code


def test_the_segment_that_carries_the_shift_is_named(tmp_path: Path) -> None:
    """
    "Income drifted" sends people looking; "in the north" sends them to the cause.
    """
    rng = np.random.default_rng(5)
    sides = []
    for name, shift in (("a", 0.0), ("b", 2.0)):
        area = rng.choice(["north", "south", "west"], 6_000)
        income = rng.normal(size=6_000) + shift * (area == "north")
        sides.append(store(tmp_path, name, area=area, income=income))

    done = run("drift", *sides, "--segment=area")
    page = run("drift", *sides, "--segment=area", "--format=html")

    assert "area north: " in done.stdout
    assert "of the shift of income in 33% of the rows" in done.stdout
    assert "Where it comes from" in page.stdout
    left, right = (read(str(path)) for path in sides)
    report = evaluate(left, right)
    found = carriers(left, right, "area", report)
    assert "north" == found[0].value
    assert found[0].carried > 0.8
    assert 2 == run("drift", *sides, "--segment=region").exit_code
    assert report == from_json(to_json(report))


def test_a_segment_that_moved_most_itself_still_carries_the_others(
    tmp_path: Path,
) -> None:
    """
    More rows from the north are a shift of the area, and none of income in it.
    """
    rng = np.random.default_rng(5)
    sides = []
    for name, north in (("a", 0.2), ("b", 0.9)):
        area = np.where(rng.random(4_000) < north, "north", "south")
        income = rng.normal(size=4_000) + (2.0 if name == "b" else 0.0)
        sides.append(store(tmp_path, name, area=area, income=income))
    done = run("drift", *sides, "--segment=area", "--metrics=js")

    assert done.stdout.startswith("2 of 2 features are over the drift limit")
    assert "of the shift of income in 90% of the rows" in done.stdout
    assert "shift of area" not in done.stdout


def test_a_day_is_compared_with_the_same_weekdays(tmp_path: Path) -> None:
    """
    A Monday is not like the Sunday before it; the daily run reads Monday's rows only.
    """
    rng, keep = np.random.default_rng(6), tmp_path / "shelf"
    for day in ("2026-11-02", "2026-11-09", "2026-11-15", "2026-11-16"):
        usual = 5 * (day == "2026-11-15")
        path = store(tmp_path, day, visits=rng.normal(usual, 1, 2_000))
        done = run("profile", path, f"--keep={keep}", "--series=loan", f"--day={day}")
        assert (0, 65) == (done.exit_code, len(done.stdout))
    today = store(tmp_path, "today", visits=rng.normal(0, 1, 2_000))

    monday, sunday, span = (
        run("drift", f"profile:loan@{days}", today, f"--keep={keep}")
        for days in ("weekday:2026-11-23", "2026-11-15", "2026-11-01..2026-11-16")
    )

    assert (0, 1, 1) == (monday.exit_code, sunday.exit_code, span.exit_code)
    assert 2 == run("drift", "profile:loan@2020-01-01", today).exit_code
    azure = run("drift", "profile:loan@2026-11-15", today, "--mode=azureml")
    assert "needs them" in azure.stderr or "need them" in azure.stderr


def test_a_profile_is_told_to_a_program_too(tmp_path: Path) -> None:
    path = store(tmp_path, "day", visits=np.arange(900.0), area=["x", "y"] * 450)
    keep = f"--keep={tmp_path / 'shelf'}"
    text, told = run("profile", path, keep), run("profile", path, keep, "--format=json")

    assert {
        "digest": text.stdout.strip(),
        "rows": 900,
        "columns": {"visits": "double", "area": "string"},
    } == json.loads(told.stdout)


@pytest.mark.filterwarnings("ignore:fetch_arrow_table:DeprecationWarning")  # Ibis 12
def test_duckdb_reads_a_folder_whose_files_differ(tmp_path: Path) -> None:
    """
    A column that came on Tuesday is null on Monday; what is not there is one line.
    """
    (tmp_path / "days").mkdir()
    store(tmp_path / "days", "1", visits=np.arange(900.0))
    store(tmp_path / "days", "2", visits=np.arange(900.0), new=np.ones(900))
    folder, keep = tmp_path / "days", f"--keep={tmp_path / 'shelf'}"
    ours, theirs = (
        run("profile", folder, keep, f"--engine={engine}", "--format=json")
        for engine in ("here", "duckdb")
    )
    gone = run("profile", tmp_path / "gone", keep, "--engine=duckdb")

    assert ("", "") == (ours.stderr, theirs.stderr)
    assert json.loads(ours.stdout) == json.loads(theirs.stdout)
    assert (2, 1) == (gone.exit_code, len(gone.stderr.splitlines()))
    assert isinstance(gone.exception, SystemExit)


def test_stored_days_say_since_when(tmp_path: Path) -> None:
    """
    A window of today is shifted as a whole; that it began on Tuesday, only days know.
    """
    rng, keep = np.random.default_rng(6), f"--keep={tmp_path / 'shelf'}"
    reference = store(tmp_path, "reference", visits=rng.normal(0, 1, 5_000))
    for day in range(1, 11):
        visits = rng.normal(0.8 if day >= 7 else 0, 1, 600)
        path = store(tmp_path, f"day{day}", visits=visits)
        run("profile", path, keep, "--series=loan", f"--day=2026-11-{day:02}")
    days = "profile:loan@2026-11-01..2026-11-10"
    told = "visits has been so since 07 Nov 2026"

    stored = run("drift", reference, days, keep)
    today = run("drift", reference, tmp_path / "day10.parquet", keep, "--history", days)
    wrong = run("drift", reference, tmp_path / "day10.parquet", "--history=yesterday")
    quiet = run("drift", reference, tmp_path / "day1.parquet", keep, "--history", days)

    assert told in stored.stdout
    assert told in today.stdout
    assert (2, 0) == (wrong.exit_code, quiet.exit_code)
    assert "profile:loan@FIRST..LAST" in wrong.stderr
    assert "since" not in quiet.stdout


def test_profiles_are_found_by_their_digest(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    made = profile({"a": np.arange(3_000.0), "b": ["x", "y"] * 1_500})
    digest = shelf.keep(made)

    assert digest == shelf.keep(made)
    assert "not breached" == compare(made, shelf.read(digest)).verdict
    (path,) = tmp_path.rglob("*.profile")
    path.write_bytes(path.read_bytes().replace(b'"rows": 3000', b'"rows": 3001', 1))
    with pytest.raises(ValueError, match="damaged"):
        shelf.read(digest)
    for wrong in ("../../etc/passwd", "0" * 64):
        with pytest.raises(ValueError, match=r"not a digest|no profile"):
            shelf.read(wrong)


def test_a_series_survives_a_torn_line(tmp_path: Path) -> None:
    """
    A process that is killed while it writes leaves half a line.
    """
    shelf = Shelf(tmp_path)
    digests = [shelf.keep(profile({"a": np.arange(float(n))})) for n in (600, 700)]
    monday = date(2026, 11, 23)
    shelf.note("loan", monday, digests[0])
    with (tmp_path / "series" / "loan.jsonl").open("a") as file:
        file.write('{"day": "2026-11-2')
    shelf.note("loan", monday, digests[1])

    assert {monday: digests[1]} == shelf.days("loan")
    assert 700 == shelf.window("loan", [monday]).rows
    assert {} == shelf.days("other")
    with pytest.raises(ValueError, match="no series can be called"):
        shelf.days("../x")


def test_the_command_line_keeps_its_json(tmp_path: Path) -> None:
    good = store(tmp_path, "good", **answers(2_000, 0.05))
    done = run(
        "drift",
        good,
        good,
        "--task=performance",
        "--target=label",
        "--predicted=said",
        "--format=json",
    )

    names = {row["metric_name"] for row in json.loads(done.stdout)}
    assert {"Accuracy", "Precision", "Recall"} <= names
