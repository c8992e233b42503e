"""The same profile, made by a local Spark; Azure ML's serverless Spark runs the same."""

import shutil
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from bot.signals import Rule, TableProfile, compare, evaluate
from bot.signals.on_spark import NAME
from bot.signals.sketch import from_bytes
from tests.children import inherited
from tests.signals.test_elsewhere import side

pytestmark = pytest.mark.skipif(
    shutil.which("java") is None, reason="Spark needs Java; .ci/run installs it"
)


_LOCAL = (
    "--master local[1] --conf spark.ui.enabled=false "
    "--conf spark.sql.shuffle.partitions=1 pyspark-shell"
)
_SIDES = {"reference": 0.0, "production": 0.3, "none": 0.0}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("spark")
    for name, shift in _SIDES.items():
        (folder / name).mkdir()
        rows = side(len(name), shift).slice(0, 0 if name == "none" else None)
        pq.write_table(rows, folder / name / "1.parquet")
    return folder


@pytest.fixture(scope="module")
def profiles(data: Path) -> dict[str, TableProfile]:
    """Return what the job's own entry point leaves behind, one Spark for all sides."""
    runs = [[f"--data={data / n}", f"--profile={data / 'out' / n}"] for n in _SIDES]
    code = f"from bot.signals.on_spark import main\nfor run in {runs!r}: main(run)"
    told = {**inherited(), "PYSPARK_SUBMIT_ARGS": _LOCAL, "SPARK_LOCAL_IP": "127.0.0.1"}
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, env=told, capture_output=True, check=False)  # noqa: S603
    assert 0 == done.returncode, done.stderr.decode()[-2_000:]
    return {
        name: from_bytes((data / "out" / name / NAME).read_bytes()) for name in _SIDES
    }


def test_spark_makes_the_profile_that_we_make(
    data: Path, profiles: dict[str, TableProfile]
) -> None:
    """
    What outgrows one machine must be judged alike: infinities, gaps and NaN included.
    """
    rules = [Rule(alias) for alias in ("js", "nwd", "nulls")]
    left, right = (pq.read_table(data / n) for n in ("reference", "production"))
    here = evaluate(left, right, rules)
    there = compare(profiles["reference"], profiles["production"], rules)

    ours = {(r.feature, r.metric): r for r in there.results}
    assert here.sentence == there.sentence
    for result in here.results:
        other = ours[result.feature, result.metric]
        assert result.verdict == other.verdict
        assert result.value == pytest.approx(other.value, abs=3e-3)
        assert result.production_count == other.production_count


def test_an_empty_window_is_a_profile_too(profiles: dict[str, TableProfile]) -> None:
    report = compare(profiles["reference"], profiles["none"])

    assert 0 == profiles["none"].rows
    assert "not enough data" == report.verdict
