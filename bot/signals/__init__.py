"""The shared signal engine. Needs NumPy and PyArrow, nothing else of ours.

`evaluate` compares two tables; `profile`, `merge` and `compare` do it from what was
kept of them; `readers.read` opens files. `health`, `performance`, `attribution` and
`upkeep` judge numbers that others fetch. All give a `Report`: plain frozen data.

A new metric of a feature is a function of a `Pair` and a `Metric` record in the METRICS
of `drift` or `quality`; the catalogue, the rules and the command line find it there.

>>> import numpy as np
>>> rng = np.random.default_rng(1)
>>> training = {"age": rng.normal(40, 9, 5_000), "income": rng.normal(50, 9, 5_000)}
>>> today = {"age": rng.normal(40, 9, 5_000), "income": rng.normal(57, 9, 5_000)}
>>> evaluate(training, today).sentence
'1 of 2 features is over the drift limit: income.'
"""

from bot.signals import fast_sort

fast_sort.choose()  # before anything imports NumPy

from bot.signals.codec import from_json, to_json  # noqa: E402
from bot.signals.engine import evaluate  # noqa: E402
from bot.signals.metric import Rule  # noqa: E402
from bot.signals.profiling import compare, profile  # noqa: E402
from bot.signals.report import Course, FeatureResult, Report, Shape  # noqa: E402
from bot.signals.sketch import TableProfile, merge  # noqa: E402

__all__ = [
    "Course",
    "FeatureResult",
    "Report",
    "Rule",
    "Shape",
    "TableProfile",
    "compare",
    "evaluate",
    "from_json",
    "merge",
    "profile",
    "to_json",
]
