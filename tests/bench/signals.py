"""What the signal engine costs, as ratios in one run: `python -m tests.bench.signals`.

Two tables of 1,000,000 rows, 40 real and 10 text columns. CPU seconds where a busy
machine would disturb the clock. The peers are in `tests.bench.peers`.
"""

import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from bot.signals import Rule, compare, evaluate, merge, profile
from bot.signals.readers import read

ROWS = 1_000_000
RULES = [Rule(alias) for alias in ("js", "psi", "ks", "nwd")]


def build(seed: int, shift: float, rows: int = ROWS) -> pa.Table:
    """Return one side: half of the real columns moved by `shift`."""
    rng = np.random.default_rng(seed)
    columns: dict[str, Any] = {}
    for i in range(40):
        normal = i % 4
        columns[f"real{i}"] = (
            rng.normal(shift * (i % 2), 1, rows) if normal else rng.lognormal(size=rows)
        )
    names = pa.array([f"category {i:02d}" for i in range(50)])
    for i in range(10):
        codes = pa.array(rng.integers(0, 50, rows).astype(np.int32))
        text = pa.DictionaryArray.from_arrays(codes, names).cast(pa.string())
        columns[f"text{i}"] = text
    return pa.table(columns)


def cpu(call: Callable[[], object], rounds: int = 3) -> float:
    """Return the CPU seconds of the best round, all threads together."""
    best = float("inf")
    for _ in range(rounds):
        before = _spent()
        call()
        best = min(best, _spent() - before)
    return best


def _spent() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def in_memory() -> dict[str, float]:
    """Return CPU as a multiple of summing the same real columns."""
    left, right = build(1, 0), build(2, 0.05)
    reals = [
        side.column(f"real{i}").combine_chunks().to_numpy()
        for side in (left, right)
        for i in range(40)
    ]
    base = cpu(lambda: [np.sum(x) for x in reals], rounds=9)
    ours = cpu(lambda: evaluate(left, right, RULES))
    return {"CPU / np.sum": ours / base}


def from_parquet(folder: Path) -> dict[str, float]:
    """Return wall time and memory as multiples of pyarrow reading both files."""
    pq.write_table(build(1, 0), folder / "a.parquet")
    pq.write_table(build(2, 0.05), folder / "b.parquet")
    ours = [_alone("evaluate", folder) for _ in range(3)]
    theirs = [_alone("read", folder) for _ in range(3)]
    wall, memory = (
        min(run[i] for run in ours) / min(run[i] for run in theirs) for i in (0, 1)
    )
    return {"Parquet wall / read": wall, "Parquet memory / read": memory}


def _alone(what: str, folder: Path) -> tuple[float, float]:
    """Return wall seconds and peak megabytes in a process of its own."""
    command = [sys.executable, "-m", "tests.bench.signals", what, str(folder)]
    done = subprocess.run(command, capture_output=True, check=True)  # noqa: S603
    seconds, megabytes = json.loads(done.stdout)
    return seconds, megabytes


def _inside(what: str, folder: Path) -> tuple[float, float]:
    paths = [str(folder / name) for name in ("a.parquet", "b.parquet")]
    start = time.perf_counter()
    if what == "evaluate":
        evaluate(read(paths[0]), read(paths[1]), RULES)
    else:
        kept = [pq.read_table(path) for path in paths]
        assert len(kept) == 2
    seconds = time.perf_counter() - start
    return seconds, _peak()


def _peak() -> float:
    """Return this process' peak megabytes; rusage's would start at the parent's."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if "VmHWM" in line)


def increment(folder: Path) -> dict[str, float]:
    """Return the seconds of one day: profile its rows, merge, compare.

    The wall clock suffers from whatever else runs; on two idle cores it is little more
    than half of the CPU.
    """
    reference = profile(read(str(folder / "a.parquet")))
    stored = merge([reference] * 29)

    def day() -> None:
        new = profile(read(str(folder / "b.parquet")), like=reference)
        compare(reference, merge([stored, new]), RULES)

    walls = []
    for _ in range(3):
        start = time.perf_counter()
        day()
        walls.append(time.perf_counter() - start)
    return {"daily increment s": min(walls), "daily increment CPU s": cpu(day)}


def wide(folder: Path) -> dict[str, float]:
    """Return the peak memory of 1,000 columns as a multiple of that of 50."""
    peaks = []
    for count in (50, 1_000):
        for seed, name in enumerate("ab"):
            rng = np.random.default_rng(seed)
            rows = {f"c{i}": rng.normal(size=20_000) for i in range(count)}
            pq.write_table(pa.table(rows), folder / f"{name}.parquet")
        peaks.append(_alone("evaluate", folder)[1])
    return {"memory, 1,000 / 50 columns": peaks[1] / peaks[0]}


def start_up() -> dict[str, float]:
    """Return the seconds that `import bot.signals` takes, and NumPy's part of them."""

    def cold(line: str) -> float:
        start = time.perf_counter()
        subprocess.run([sys.executable, "-c", line], check=True)  # noqa: S603
        return time.perf_counter() - start

    bare, numpy, ours = (
        min(cold(line) for _ in range(5))
        for line in ("pass", "import numpy", "import bot.signals")
    )
    return {"import s": ours - bare, "import of NumPy s": numpy - bare}


def alarms(pairs: int = 1_000) -> dict[str, float]:
    """Return the share of undrifted features that alarm, and of 0.2 sigma seen."""
    rng = np.random.default_rng(7)
    found = {}
    for rows in (100, 500, 1_000, 10_000):
        count = 0
        for _ in range(pairs // 20):
            left, right = (
                {f"n{i}": rng.normal(size=rows) for i in range(20)} for _ in range(2)
            )
            report = evaluate(left, right, top=0)
            count += sum(r.verdict == "breached" for r in report.results)
        found[f"false alarms, n = {rows:,}"] = count / pairs
    left, right = (
        {f"n{i}": rng.normal(shift, 1, 5_000) for i in range(pairs)}
        for shift in (0, 0.2)
    )
    seen = evaluate(left, right, top=0).results
    found["0.2 sigma seen, n = 5,000"] = (
        sum(r.verdict == "breached" for r in seen) / pairs
    )
    return found


def measured() -> dict[str, float]:
    """Return every figure that needs no peer."""
    with TemporaryDirectory() as folder:
        return {
            **in_memory(),
            **from_parquet(Path(folder)),
            **increment(Path(folder)),
            **wide(Path(folder)),
            **start_up(),
            **alarms(),
        }


if __name__ == "__main__":
    if len(sys.argv) > 2:
        sys.stdout.write(json.dumps(_inside(sys.argv[1], Path(sys.argv[2]))))
    else:
        for name, value in measured().items():
            sys.stdout.write(f"{name:28} {value:10.3g}\n")
