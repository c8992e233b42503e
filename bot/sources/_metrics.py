"""What a metric's name says: which kind of trouble, and on which side it is bad.

Endpoint metrics after Azure Monitor's table of supported metrics; monitoring metrics
after Azure/azureml-assets (its own list of metrics that breach below leaves out
accuracy, precision and recall, so it reports a better model as a breach).
"""

import re
from collections.abc import Iterable
from typing import Any, Literal, TypeAlias

from bot.incident import Kind, Reading
from bot.sources._fields import Document, folded, line, mapping, number

Side: TypeAlias = Literal["above", "below", "outside", "unknown"]

DRIFT = {
    "JensenShannonDistance",
    "PopulationStabilityIndex",
    "NormalizedWassersteinDistance",
    "TwoSampleKolmogorovSmirnovTest",
    "PearsonsChiSquaredTest",
}
QUALITY = {"NullValueRate", "DataTypeErrorRate", "OutOfBoundsRate"}
ATTRIBUTION = {"NormalizedDiscountedCumulativeGain"}
PERFORMANCE = {
    "Accuracy",
    "Precision",
    "Recall",
    "MeanAbsoluteError",
    "RootMeanSquaredError",
}
_BELOW = {
    "TwoSampleKolmogorovSmirnovTest",  # p-values
    "PearsonsChiSquaredTest",
    "NormalizedDiscountedCumulativeGain",  # qualities
    "Accuracy",
    "Precision",
    "Recall",
}
_MONITORED = DRIFT | QUALITY | PERFORMANCE | ATTRIBUTION
_ABOVE = _MONITORED - _BELOW
_SPELLED = {folded(name): name for name in _MONITORED}  # "null_value_rate" as well
_SCORE = re.compile(r"Aggregated\w+PassRate|Average\w+Score")  # of generated text

_ENDPOINT: dict[str, Kind] = {
    "requestspermin": "traffic",
    "requestlatency": "latency",
    "connectionsactive": "traffic",
    "newconnections": "traffic",
    "networkbytes": "traffic",
    "datacollection": "silence",  # what was not collected cannot be seen to drift
    "cpu": "resource",
    "gpu": "resource",
    "diskutil": "resource",
    "deploymentcapacity": "resource",
}
_WORDS: tuple[tuple[str, Kind], ...] = (
    (r"predict\w*[ _-]?drift|output[ _-]?drift", "prediction-drift"),
    (r"attribution|ndcg", "attribution-drift"),
    (
        r"null[ _-]?(value|rate)|data[ _-]?quality|out[ _-]?of[ _-]?bounds",
        "data-quality",
    ),
    (r"drift|\bpsi\b|jensen|wasserstein|kolmogorov|stability", "data-drift"),
    (r"accuracy|\brecall\b|\brmse\b|\bf1\b|model[ _-]?performance", "performance"),
    (r"latency|duration|response[ _-]?time|durationms|\bp9[059]\b", "latency"),
    (r"error|fail(ed|ure)|exception|responsecode|\b5xx\b|status[ _-]?code", "errors"),
    (r"availab|heartbeat|unavailable|\bup\b|\bdown\b|_down|_up\b", "availability"),
    (r"cpu|memory|gpu|disk|capacity|utili[sz]ation|quota", "resource"),
    (r"cost|budget|spend", "cost"),
    (r"traffic|throughput|requests? ?per|requestcount", "traffic"),
)
_WORD_PATTERNS = tuple((re.compile(p, re.IGNORECASE), kind) for p, kind in _WORDS)
_OPERATORS: dict[str, Side] = {
    "greaterthan": "above",
    "greaterthanorequal": "above",
    "lessthan": "below",
    "lessthanorequal": "below",
    "lowerthan": "below",
    "lowerthanorequal": "below",
    "greaterorlessthan": "outside",
}
_STATUS = {"statuscodeclass", "statuscode", "modelstatuscode", "envoy_response_code"}


def side(metric: str) -> Side:
    """Return on which side of its threshold a monitoring metric is bad.

    >>> side("Accuracy"), side("null_value_rate"), side("RowCount")
    ('below', 'above', 'unknown')
    """
    known = _SPELLED.get(folded(metric), metric)
    if known in _BELOW or _SCORE.fullmatch(known):
        return "below"
    return "above" if known in _ABOVE else "unknown"


def operator(value: Any) -> Side:
    """Return the side that a rule's operator names: "GreaterThan", "Less Than" …"""
    return _OPERATORS.get(line(value).replace(" ", "").lower(), "unknown")


def signal_kind(signal: str, metrics: Iterable[str]) -> Kind:
    """Return what a monitoring signal is about: its metrics say, else its name."""
    spelled = (_SPELLED.get(folded(m), m) for m in metrics)
    names = {"Accuracy" if _SCORE.fullmatch(m) else m for m in spelled}
    families: tuple[tuple[set[str], Kind], ...] = (
        (QUALITY, "data-quality"),
        (ATTRIBUTION, "attribution-drift"),
        (PERFORMANCE, "performance"),
    )
    for family, kind in families:
        if names and names <= family:
            return kind
    if "predict" in signal.lower() or "output" in signal.lower():
        return "prediction-drift"
    return "data-drift" if names & DRIFT else worded(signal) or "data-drift"


def metric_kind(metric: str, dimensions: Document) -> Kind:
    """Return what a platform metric is about; dimensions tell errors from traffic."""
    plain = metric.replace(" ", "").lower()
    if plain.startswith("requestspermin") and _failing(dimensions):
        return "errors"
    if plain == "failedlocation":
        return "availability"
    for start, kind in _ENDPOINT.items():
        if plain.startswith(start):
            return kind
    if _SPELLED.get(folded(metric)):
        return signal_kind("", [metric])
    return worded(metric) or "platform"


def worded(text: str) -> Kind | None:
    """Return the kind that the words of a rule's name or a query point to, or None."""
    found = (kind for pattern, kind in _WORD_PATTERNS if pattern.search(text))
    return next(found, None)


def _failing(dimensions: Document) -> bool:
    return any(
        key.lower() in _STATUS and each[:1] in {"4", "5"}
        for key, value in mapping(dimensions).items()
        for each in str(value).split(", ")  # rows that differ
    )


def reading(condition: Document, *, feature: str = "") -> Reading | None:
    """Return the figure of one criterion of a rule, as Azure judged it."""
    metric = line(condition.get("metricName")) or line(
        condition.get("metricMeasureColumn")
    )
    value = number(condition.get("metricValue"))
    if not metric and value is None:
        return None
    return Reading(
        metric=metric or "count",
        value=value,
        threshold=number(condition.get("threshold")),
        breached_when=operator(condition.get("operator")),
        feature=feature,
        unit=_unit(metric),
    )


def _unit(metric: str) -> str:
    plain = metric.lower()
    if plain.startswith("requestlatency") or plain.endswith("durationms"):
        return "ms"
    return "%" if plain.endswith("utilizationpercentage") else ""
