"""CPU against SciPy, NannyML and Evidently, each in a process of its own.

`make bench` makes `.venv-peers` and measures all; `python -m tests.bench.peers PYTHON`
does it with another environment. The same four real columns of 1,000,000 rows a side, in
memory, are compared by each, and by us: fifty would take Evidently seven minutes, and all
of them work column by column. A peer's NumPy is as it comes: on AMD's Zen 4 it sorts
slowly, which we avoid (bot/signals/fast_sort.py).
"""

import json
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow.parquet as pq

from bot.signals import evaluate
from tests.bench.signals import RULES, build, cpu

COLUMNS = [f"real{i}" for i in range(4)]
PEERS = Path(".venv-peers/bin/python")

_PEER = """
import json, resource, sys, warnings
warnings.simplefilter("ignore")
which, folder, names = sys.argv[1], sys.argv[2], sys.argv[3].split(",")
def spent():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime
if which == "scipy":
    import numpy as np, pyarrow.parquet as pq
    from scipy import stats
    from scipy.spatial.distance import jensenshannon
    sides = [pq.read_table(f"{folder}/{n}.parquet") for n in "ab"]
    before = spent()
    for name in names:
        x, y = (s.column(name).to_numpy() for s in sides)
        edges = np.histogram_bin_edges(np.concatenate((x, y)), 21)
        p, q = np.histogram(x, edges)[0] + 1, np.histogram(y, edges)[0] + 1
        jensenshannon(p, q, 2)
        p, q = p / p.sum(), q / q.sum()
        float(((q - p) * np.log(q / p)).sum())
        stats.ks_2samp(x, y, method="asymp")
        stats.wasserstein_distance(x, y)
elif which == "nannyml":
    import nannyml as nml, pandas as pd
    sides = [pd.read_parquet(f"{folder}/{n}.parquet") for n in "ab"]
    made = nml.UnivariateDriftCalculator(
        column_names=names, chunk_number=1,
        continuous_methods=["jensen_shannon", "kolmogorov_smirnov", "wasserstein"])
    before = spent()
    made.fit(sides[0]); made.calculate(sides[1])
else:
    import pandas as pd
    from evidently import Dataset, DataDefinition, Report
    from evidently.metrics import ValueDrift
    sides = [pd.read_parquet(f"{folder}/{n}.parquet") for n in "ab"]
    about = DataDefinition(numerical_columns=names)
    sides = [Dataset.from_pandas(s, data_definition=about) for s in sides]
    asked = [ValueDrift(column=n, method=m) for n in names
             for m in ("jensenshannon", "psi", "ks", "wasserstein")]
    before = spent()
    Report(asked).run(sides[1], sides[0])
print(json.dumps(spent() - before))
"""


def measured(python: str = str(PEERS)) -> dict[str, float]:
    """Return each peer's CPU seconds as a multiple of ours; those that are installed."""
    left, right = (build(seed, 0.05 * (seed - 1)).select(COLUMNS) for seed in (1, 2))
    found = {}
    with TemporaryDirectory() as folder:
        pq.write_table(left, Path(folder) / "a.parquet")
        pq.write_table(right, Path(folder) / "b.parquet")
        ours = cpu(lambda: evaluate(left, right, RULES), rounds=5)
        peers = {"scipy": sys.executable}
        if Path(python).exists():
            peers |= {"nannyml": python, "evidently": python}
        for peer, with_python in peers.items():
            command = [with_python, "-c", _PEER, peer, folder, ",".join(COLUMNS)]
            done = subprocess.run(command, capture_output=True, check=False)  # noqa: S603
            if done.returncode:
                why = done.stderr.decode().strip().splitlines()[-1:]
                sys.stderr.write(f"{peer} was not measured: {why}\n")
                continue
            seconds = json.loads(done.stdout.splitlines()[-1])
            found[f"{peer} / CPU"] = seconds / ours
    return found


if __name__ == "__main__":
    for name, value in measured(*sys.argv[1:]).items():
        sys.stdout.write(f"{name:28} {value:10.3g}\n")
