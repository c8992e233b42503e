"""Every metric the engine knows, by name, and what a list of rules asks of them."""

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches

from bot.signals import attribution, drift, health, quality, scores, upkeep
from bot.signals.gauge import Gauge
from bot.signals.metric import DataType, Metric, Mode, Rule, RuleLike

METRICS: dict[str, Metric] = {
    metric.name: metric for module in (drift, quality) for metric in module.METRICS
}
_ALIASES = {metric.alias: metric for metric in METRICS.values()}
GAUGES: dict[str, Gauge] = {
    gauge.name: gauge for module in (health, upkeep) for gauge in module.GAUGES
}


def named(name: str) -> Metric:
    """Return the metric of this name, in any letter case, or of this alias.

    Raises:
        ValueError: there is none; says which one may have been meant.

    >>> named("psi").name
    'PopulationStabilityIndex'
    """
    wanted = name.strip().lower().replace("_", "").replace("-", "")
    for metric in METRICS.values():
        if wanted in {metric.name.lower(), metric.alias}:
            return metric
    known = [m.name for m in METRICS.values()]
    close = get_close_matches(name, [*known, *_ALIASES], n=1, cutoff=0.5)
    hint = f"did you mean {close[0]}?" if close else f"known: {', '.join(known)}"
    raise ValueError(f"no metric is called {name!r}; {hint}")


def kind_of(name: str) -> tuple[str, str]:
    """Return any metric's own name and the signal it belongs to.

    A measure of drift is "data-drift" here, of whatever columns.

    Raises:
        ValueError: there is none; says which one may have been meant.

    >>> kind_of("p95"), kind_of("null_value_rate")[1]
    (('RequestLatency_P95', 'endpoint-health'), 'data-quality')
    """
    if found := _EVERY.get(_plain(name)):
        return found
    names = {_plain(own): own for own, _ in _EVERY.values()}
    close = get_close_matches(_plain(name), [*names, *_EVERY], n=1, cutoff=0.5)
    meant = names.get(close[0]) or _EVERY[close[0]][0] if close else ""
    hint = f"did you mean {meant}?" if meant else f"known: {', '.join(names.values())}"
    raise ValueError(f"no metric is called {name!r}; {hint}")


def _plain(name: str) -> str:
    return "".join(c for c in name.lower() if c.isalnum())


def _words(one: Gauge | Metric) -> dict[str, tuple[str, str]]:
    return {_plain(word): (one.name, one.signal) for word in (one.alias, one.name)}


_EVERY: dict[str, tuple[str, str]] = {
    **{word: found for g in GAUGES.values() for word, found in _words(g).items()},
    **{word: found for m in METRICS.values() for word, found in _words(m).items()},
    **{_plain(s.name): (s.name, "model-performance") for s in scores.SCORES},
    "rmse": ("RootMeanSquaredError", "model-performance"),
    "mae": ("MeanAbsoluteError", "model-performance"),
    _plain(attribution.METRIC): (attribution.METRIC, "feature-attribution-drift"),
    "ndcg": (attribution.METRIC, "feature-attribution-drift"),
}


@dataclass(frozen=True, slots=True)
class Asked:
    """One metric, its limit, and of which features it is asked."""

    metric: Metric
    threshold: float
    data_types: frozenset[DataType]
    columns: tuple[str, ...] = ()  # () = all

    def of(self, name: str, data_type: DataType) -> bool:
        return data_type in self.data_types and (
            not self.columns or name in self.columns
        )


def asked(rules: Iterable[RuleLike], signal: str, mode: Mode) -> tuple[Asked, ...]:
    """Return what `rules` ask; without any, what `usual` says.

    Raises:
        ValueError: a rule names a metric that does not exist.
    """
    wanted = []
    for rule in tuple(rules) or usual(signal):
        metric = named(rule.metric)
        own = metric.azure_default if mode == "azureml" else metric.default
        limit = own if rule.threshold is None else rule.threshold
        only: DataType | None = getattr(rule, "data_type", None)
        kinds = metric.applies_to & {only} if only else metric.applies_to
        wanted.append(Asked(metric, limit, kinds, rule.columns))
    return tuple(wanted)


def usual(signal: str) -> tuple[Rule, ...]:
    """Return Azure ML's own choice of metrics for a signal."""
    if signal == "data-quality":
        return tuple(Rule(m.name) for m in METRICS.values() if m.signal == signal)
    return (
        Rule("NormalizedWassersteinDistance", data_type="Numerical"),
        Rule("JensenShannonDistance", data_type="Categorical"),
    )
