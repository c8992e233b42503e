"""CPU against Evidently and NannyML, each in an environment of its own.

`python -m tests.bench.peers ENVIRONMENT` with the path of a Python that has them
(uv venv peers; uv pip install --python peers/bin/python evidently nannyml "pandas<2.3").
The same four real columns of 1,000,000 rows a side, in memory, are compared by each.
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

_PEER = """
import json, resource, sys, warnings
warnings.simplefilter("ignore")
import pandas as pd
which, folder, names = sys.argv[1], sys.argv[2], sys.argv[3].split(",")
sides = [pd.read_parquet(f"{folder}/{n}.parquet") for n in "ab"]
def spent():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime
if which == "nannyml":
    import nannyml as nml
    made = nml.UnivariateDriftCalculator(
        column_names=names, chunk_number=1,
        continuous_methods=["jensen_shannon", "kolmogorov_smirnov", "wasserstein"])
    before = spent()
    made.fit(sides[0]); made.calculate(sides[1])
else:
    from evidently import Dataset, DataDefinition, Report
    from evidently.metrics import ValueDrift
    about = DataDefinition(numerical_columns=names)
    sides = [Dataset.from_pandas(s, data_definition=about) for s in sides]
    asked = [ValueDrift(column=n, method=m) for n in names
             for m in ("jensenshannon", "psi", "ks", "wasserstein")]
    before = spent()
    Report(asked).run(sides[1], sides[0])
print(json.dumps(spent() - before))
"""


def measured(python: str) -> dict[str, float]:
    """Return each peer's CPU seconds as a multiple of ours."""
    left, right = (build(seed, 0.05 * (seed - 1)).select(COLUMNS) for seed in (1, 2))
    ours = cpu(lambda: evaluate(left, right, RULES))
    found = {}
    with TemporaryDirectory() as folder:
        pq.write_table(left, Path(folder) / "a.parquet")
        pq.write_table(right, Path(folder) / "b.parquet")
        for peer in ("nannyml", "evidently"):
            command = [python, "-c", _PEER, peer, folder, ",".join(COLUMNS)]
            done = subprocess.run(command, capture_output=True, check=False)  # noqa: S603
            if done.returncode:
                why = done.stderr.decode().strip().splitlines()[-1:]
                sys.stderr.write(f"{peer} was not measured: {why}\n")
                continue
            seconds = json.loads(done.stdout.splitlines()[-1])
            found[f"{peer} / CPU"] = seconds / ours
    return found


if __name__ == "__main__":
    for name, value in measured(sys.argv[1]).items():
        sys.stdout.write(f"{name:28} {value:10.3g}\n")
