"""The shared signal engine. Needs NumPy and PyArrow, nothing else of ours.

>>> import numpy as np
>>> rng = np.random.default_rng(1)
>>> training = {"age": rng.normal(40, 9, 5_000), "income": rng.normal(50, 9, 5_000)}
>>> today = {"age": rng.normal(40, 9, 5_000), "income": rng.normal(57, 9, 5_000)}
>>> evaluate(training, today).sentence
'1 of 2 features is over the drift limit: income.'
"""

from bot.signals.codec import from_json, to_json
from bot.signals.engine import evaluate
from bot.signals.metric import Rule
from bot.signals.profiling import compare, profile
from bot.signals.report import FeatureResult, Report, Shape
from bot.signals.sketch import TableProfile, merge

__all__ = [
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
