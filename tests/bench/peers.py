"""CPU against SciPy, NannyML and Evidently, each in a process of its own.

`make bench` makes `.venv-peers` and measures all; `python -m tests.bench.peers PYTHON`
does it with another environment. Each compares, in memory, one tenth of the table that
`tests.bench.signals` builds, four real columns and a text one, 1,000,000 rows a side
(fifty would take Evidently five minutes, and all of them work column by column), by the
metrics that it has of ours:

- SciPy: JS, PSI, KS and W1 of the real columns, JS and PSI of the text, in a loop.
- NannyML: JS, KS and W1; JS. It has no PSI.
- Evidently as documented: its drift preset, once for each of the four.
- Evidently's figures: one report of `ValueDrift`, which leaves out what its preset adds.

Ours has all of SciPy's figures, and the intervals, noise floors, p-values and bins that
no peer computes. Reading the files is not counted, nor are the peers' calls home. A
peer's NumPy is as it comes: on AMD's Zen 4 it sorts slowly, which we avoid
(bot/signals/fast_sort.py). Of each the better of two rounds.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow.parquet as pq

from bot.signals import evaluate
from tests.bench.signals import RULES, build, cpu

REAL, TEXT = [f"real{i}" for i in range(4)], ["text0"]
PEERS = Path(".venv-peers/bin/python")
_QUIET = {"NML_DISABLE_USAGE_LOGGING": "1", "DO_NOT_TRACK": "1"}

_SCIPY = """
import numpy as np, pyarrow.compute as pc, pyarrow.parquet as pq
from scipy import stats
from scipy.spatial.distance import jensenshannon
sides = [pq.read_table(f"{folder}/{n}.parquet") for n in "ab"]
def distances(p, q):
    jensenshannon(p, q, 2)
    p, q = (p + 1) / (p + 1).sum(), (q + 1) / (q + 1).sum()
    float(((q - p) * np.log(q / p)).sum())
def work():
    for name in real:
        x, y = (s.column(name).to_numpy() for s in sides)
        edges = np.histogram_bin_edges(np.concatenate((x, y)), 21)
        distances(np.histogram(x, edges)[0], np.histogram(y, edges)[0])
        stats.ks_2samp(x, y, method="asymp")
        stats.wasserstein_distance(x, y)
    for name in text:
        ours, theirs = (
            {one["values"]: one["counts"] for one in counted.to_pylist()}
            for counted in (pc.value_counts(s.column(name)) for s in sides)
        )
        labels = sorted({*ours, *theirs})
        distances(*(np.array([c.get(x, 0) for x in labels]) for c in (ours, theirs)))
"""
_NANNYML = """
import nannyml as nml, pandas as pd
sides = [pd.read_parquet(f"{folder}/{n}.parquet") for n in "ab"]
def work():
    made = nml.UnivariateDriftCalculator(
        column_names=real + text, chunk_number=1,
        continuous_methods=["jensen_shannon", "kolmogorov_smirnov", "wasserstein"],
        categorical_methods=["jensen_shannon"])
    made.fit(sides[0]); made.calculate(sides[1])
"""
_EVIDENTLY = """
import pandas as pd
from evidently import Dataset, DataDefinition, Report
from evidently.metrics import ValueDrift
from evidently.presets import DataDriftPreset
sides = [pd.read_parquet(f"{folder}/{n}.parquet") for n in "ab"]
about = DataDefinition(numerical_columns=real, categorical_columns=text)
sides = [Dataset.from_pandas(s, data_definition=about) for s in sides]
both, numbers = ("jensenshannon", "psi"), ("ks", "wasserstein")
"""
_FIGURES = (
    _EVIDENTLY
    + """
def work():
    asked = [ValueDrift(column=n, method=m) for n in real + text for m in both]
    asked += [ValueDrift(column=n, method=m) for n in real for m in numbers]
    Report(asked).run(sides[1], sides[0])
"""
)
_PRESET = (
    _EVIDENTLY
    + """
def work():
    for method in both:
        preset = DataDriftPreset(num_method=method, cat_method=method)
        Report([preset]).run(sides[1], sides[0])
    for method in numbers:
        preset = DataDriftPreset(columns=real, num_method=method)
        Report([preset]).run(sides[1], sides[0])
"""
)
_MEASURE = """
import json, resource, sys, warnings
warnings.simplefilter("ignore")
folder, real, text = sys.argv[1], sys.argv[2].split(","), sys.argv[3].split(",")
{peer}
def spent():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime
marks = [spent()]
for _ in range(2):
    work()
    marks.append(spent())
print(json.dumps(min(b - a for a, b in zip(marks, marks[1:]))))
"""


def measured(python: str = str(PEERS)) -> dict[str, float]:
    """Return each peer's CPU seconds as a multiple of ours; those that are installed."""
    left, right = (
        build(seed, 0.05 * (seed - 1)).select(REAL + TEXT) for seed in (1, 2)
    )
    peers = {"scipy": (sys.executable, _SCIPY)}
    if Path(python).exists():
        peers["nannyml"] = python, _NANNYML
        peers["evidently"] = python, _PRESET
        peers["evidently's figures"] = python, _FIGURES
    found = {}
    with TemporaryDirectory() as folder:
        pq.write_table(left, Path(folder) / "a.parquet")
        pq.write_table(right, Path(folder) / "b.parquet")
        ours = cpu(lambda: evaluate(left, right, RULES), rounds=2)
        for name, (with_python, peer) in peers.items():
            seconds = _spent(name, with_python, peer, folder)
            if seconds is not None:
                found[f"{name} / CPU"] = seconds / ours
    return found


def _spent(name: str, python: str, peer: str, folder: str) -> float | None:
    """Return a peer's CPU seconds; None, and why, where it cannot be run."""
    script = _MEASURE.replace("{peer}", peer)
    command = [python, "-c", script, folder, ",".join(REAL), ",".join(TEXT)]
    done = subprocess.run(  # noqa: S603
        command, capture_output=True, check=False, env=os.environ | _QUIET
    )
    if done.returncode:
        why = done.stderr.decode().strip().splitlines()[-1:]
        sys.stderr.write(f"{name} was not measured: {why}\n")
        return None
    seconds: float = json.loads(done.stdout.splitlines()[-1])
    return seconds


if __name__ == "__main__":
    for name, value in measured(*sys.argv[1:]).items():
        sys.stdout.write(f"{name:28} {value:10.3g}\n")
