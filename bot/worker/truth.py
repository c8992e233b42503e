"""How well the model does, and what it leans on: from late labels, from a surrogate."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace

import pyarrow as pa

from bot.evidence import policy
from bot.ports import Windows, Workspace
from bot.signals import Report, attribution, performance
from bot.signals.columns import frame
from bot.signals.labels import labelled
from bot.signals.metric import CannotCompute
from bot.signals.unknown import cannot
from bot.signals.verdict import SMALLEST
from bot.watch import Endpoint
from bot.watch.rules import limits
from bot.worker.asks import Asks

PERFORMANCE, ATTRIBUTION = "model-performance", "feature-attribution-drift"
_SURROGATE_ROWS = 5_000  # a tree learns no more of the rest; a side, evenly spread
_LEAST_NDCG = 0.9
_NOTHING = "there are no rows of the monitor to compute it from"


def wanted(endpoint: Endpoint, kind: str) -> bool:
    """Return whether anything is asked for that only the rows can tell."""
    return _scored_too(endpoint, kind) or _attributed_too(endpoint, kind)


def _scored_too(endpoint: Endpoint, kind: str) -> bool:
    asked = {rule.kind for rule in endpoint.signals}
    return bool(PERFORMANCE in asked or endpoint.labels or kind == "performance")


def _attributed_too(endpoint: Endpoint, kind: str) -> bool:
    asked = {rule.kind for rule in endpoint.signals}
    drifted = kind == "attribution-drift"
    return bool(ATTRIBUTION in asked or endpoint.target or drifted)


async def models(
    asks: Asks,
    azure: Workspace,
    endpoint: Endpoint,
    windows: Windows | None,
    kind: str,
) -> list[Report]:
    """Return the reports that were asked for: by a rule, a setting, or the alert."""
    found = []
    if _scored_too(endpoint, kind):
        found.append(await _performance(asks, azure, endpoint, windows))
    if _attributed_too(endpoint, kind):
        found.append(await _attribution(endpoint, windows))
    return found


async def _performance(
    asks: Asks, azure: Workspace, endpoint: Endpoint, windows: Windows | None
) -> Report:
    labels, wanted = endpoint.labels, limits(endpoint.signals, PERFORMANCE)
    if labels is None:
        return _no_performance(wanted, "the watch list names no labels")
    if windows is None:
        return _no_performance(wanted, _NOTHING)
    late = None
    if labels.data:
        late = await asks.part("labels", azure.data(endpoint, labels.data))
        if late is None:
            why = asks.gaps.get("labels", "the labels could not be read")
            return _no_performance(wanted, why.rstrip("."))
    try:
        found = await asyncio.to_thread(_scored, endpoint, windows.production, late)
    except (ValueError, CannotCompute, pa.ArrowException) as error:
        return _no_performance(
            wanted, str(error).split("\n", maxsplit=1)[0].rstrip(".")
        )
    return replace(found, production_window=windows.production_window)


def _scored(endpoint: Endpoint, production: pa.Table, late: pa.Table | None) -> Report:
    labels = endpoint.labels
    assert labels is not None
    joined = labelled(
        frame(production),
        truth=labels.truth,
        predicted=labels.predicted,
        labels=None if late is None else frame(_allowed(late, endpoint)),
        on=labels.key,
        times=(labels.predicted_at, labels.labelled_at),
        task=labels.task,
    )
    wanted = limits(endpoint.signals, PERFORMANCE)
    return performance.performance(
        joined.truth,
        joined.predicted,
        task=joined.task,
        thresholds=wanted,
        predictions=joined.predictions,
        production_name=labels.data or endpoint.name,
        age=joined.age,
        only=tuple(wanted),
    )


def _no_performance(wanted: Mapping[str, float], why: str) -> Report:
    return cannot(PERFORMANCE, why, wanted, what="The model's performance")


async def _attribution(endpoint: Endpoint, windows: Windows | None) -> Report:
    asked = limits(endpoint.signals, ATTRIBUTION)
    limit = asked.get(attribution.METRIC, _LEAST_NDCG)

    def refused(why: str) -> Report:
        what = "What the model leans on"
        return cannot(ATTRIBUTION, why, {attribution.METRIC: limit}, what=what)

    if why := _unfit(endpoint, windows):
        return refused(why)
    assert windows is not None
    try:
        ours, theirs = await asyncio.to_thread(_weights, endpoint, windows)
    except ModuleNotFoundError:
        return refused("the extra attribution is not installed here")
    except CannotCompute as error:
        return refused(error.reason)
    found = attribution.attribution(ours, theirs, threshold=limit)
    return replace(
        found,
        reference_rows=windows.reference.num_rows,
        production_rows=windows.production.num_rows,
        reference_window=windows.reference_window,
        production_window=windows.production_window,
    )


def _unfit(endpoint: Endpoint, windows: Windows | None) -> str:
    """Return why no surrogate can be fitted, "" when one can."""
    if not endpoint.target:
        return "the watch list names no target column"
    if windows is None:
        return _NOTHING
    sides = {"reference": windows.reference, "production": windows.production}
    for side, table in sides.items():
        if table.num_rows < SMALLEST:
            return f"{table.num_rows} rows of {side}; {SMALLEST} are needed"
        if endpoint.target not in table.column_names:
            return f"the {side} data have no column {endpoint.target}"
    return ""


def _weights(
    endpoint: Endpoint, windows: Windows
) -> tuple[dict[str, float], dict[str, float]]:
    others = {name for name in endpoint.predictions if name != endpoint.target}
    one, two = (
        attribution.surrogate_importances(
            _few(table.drop_columns([n for n in table.column_names if n in others])),
            endpoint.target,
        )
        for table in (windows.reference, windows.production)
    )
    return one, two


def _few(table: pa.Table) -> pa.Table:
    step = -(-table.num_rows // _SURROGATE_ROWS)
    return table.take(pa.array(range(0, table.num_rows, step)))


def _allowed(table: pa.Table, endpoint: Endpoint) -> pa.Table:
    """Return the labels without columns that may not be looked at."""
    return table.select(policy.columns(table.column_names, endpoint.disclosure))
