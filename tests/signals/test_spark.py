"""The same profile, made by a local Spark; Azure ML's serverless Spark runs the same."""

import shutil
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from bot.signals import TableProfile, compare, profile
from bot.signals.on_spark import NAME
from bot.signals.sketch import from_bytes
from tests.children import inherited
from tests.signals.mixed import mixed, unlike

pytestmark = pytest.mark.skipif(
    shutil.which("java") is None, reason="Spark needs Java; .ci/run installs it"
)


_LOCAL = (
    "--master local[1] --conf spark.ui.enabled=false "
    "--conf spark.sql.shuffle.partitions=1 --conf spark.sql.adaptive.enabled=false "
    "--conf spark.sql.codegen.wholeStage=false "  # compiling takes longer than running
    "--conf spark.sql.codegen.factoryMode=NO_CODEGEN pyspark-shell"
)
_COLUMNS = ["real", "gaps", "huge", "few", "dec", "flag", "text", "moment"]
_SIDES = {"some": mixed(900).select(_COLUMNS), "longer": mixed(4_000).select(["real"])}
_SIDES["none"] = _SIDES["longer"].slice(0, 0)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of each side, in two files, one after an empty one."""
    folder = tmp_path_factory.mktemp("spark")
    for name, rows in _SIDES.items():
        (folder / name).mkdir()
        parts = (rows.slice(0, 0), rows.slice(0, 500), rows.slice(500))
        for i, part in enumerate(parts):
            pq.write_table(part, folder / name / f"{i}.parquet")
    return folder


@pytest.fixture(scope="module")
def profiles(data: Path) -> dict[str, TableProfile]:
    """Return what the job's own entry point leaves behind, one Spark for all sides.

    Azure ML gives a job addresses; one side is read and written by such.
    """
    out = {name: str(data / "out" / name) for name in _SIDES}
    where = {name: str(data / name) for name in _SIDES}
    out["none"], where["none"] = (f"file://{one['none']}" for one in (out, where))
    runs = [[f"--data={where[n]}", f"--profile={out[n]}"] for n in _SIDES]
    code = f"from bot.signals.on_spark import main\nfor run in {runs!r}: main(run)"
    told = {**inherited(), "PYSPARK_SUBMIT_ARGS": _LOCAL, "SPARK_LOCAL_IP": "127.0.0.1"}
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, env=told, capture_output=True, check=False)  # noqa: S603
    assert 0 == done.returncode, done.stderr.decode()[-2_000:]
    return {
        name: from_bytes((data / "out" / name / NAME).read_bytes()) for name in _SIDES
    }


def test_spark_makes_the_profile_that_we_make(
    profiles: dict[str, TableProfile],
) -> None:
    """
    What outgrows one machine must be judged alike, and have the same name.
    """
    ours = {name: profile(rows) for name, rows in _SIDES.items()}

    assert [] == unlike(ours["some"], profiles["some"])
    assert [] == unlike(ours["longer"], profiles["longer"])
    assert ours["some"].digest == profiles["some"].digest


def test_an_empty_window_is_a_profile_too(profiles: dict[str, TableProfile]) -> None:
    report = compare(profiles["longer"], profiles["none"])

    assert 0 == profiles["none"].rows
    assert "not enough data" == report.verdict
