"""Queries that Log Analytics answers by itself, so that no row has to travel.

Constant text; what differs is a quoted literal or a number, never a piece of query.
ResponseCode is taken as text: Azure documents it as a number and compares it as text.
`IdentityData`, which names the caller, is never read.
"""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from bot.signals.sketch import NumberProfile

_HEALTH = """\
let endpoint = {endpoint};
AmlOnlineEndpointTrafficLog
| where TimeGenerated between (datetime({start}) .. datetime({end}))
| where EndpointName =~ endpoint
| extend Class = strcat(substring(tostring(ResponseCode), 0, 1), "xx")
| summarize Requests = count(), P50 = percentile(RequestDurationMs, 50),
    P90 = percentile(RequestDurationMs, 90), P95 = percentile(RequestDurationMs, 95),
    P99 = percentile(RequestDurationMs, 99)
    by Minute = bin(TimeGenerated, 1m), Deployment = DeploymentName, Class
| order by Minute asc"""

_PROFILE = """\
{table}
| where TimeGenerated between (datetime({start}) .. datetime({end}))
| extend Value = todouble(column_ifexists({column}, real(null)))
| extend Real = iff(isfinite(Value), Value, real(null))
| summarize Rows = count(), Lowest = countif(isinf(Value) and Value < 0),
    Highest = countif(isinf(Value) and Value > 0), Finite = countif(isfinite(Value)),
    Mean = avg(Real), Variance = variance(Real),
    Quantiles = percentiles_array(Real, {levels})"""

LEVELS = tuple(i * 100 / 256 for i in range(257))  # per cent; Kusto's are estimates

_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)")
_TABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,62}")


def literal(text: str) -> str:
    r"""Return `text` as a KQL string, whatever is in it.

    Raises:
        ValueError: it holds a control character, which no name does.

    >>> print(literal('a" | union *'))
    "a\" | union *"
    """
    if any(ord(c) < 32 or ord(c) == 127 for c in text):  # noqa: PLR2004 (ASCII control)
        raise ValueError("a name cannot hold a control character")
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def health(endpoint: str, *, start: str, end: str) -> str:
    """Return the query for requests and latency a minute, by deployment and class.

    Args:
        start, end: ISO 8601 with a zone.
    """
    return _HEALTH.format(
        endpoint=literal(endpoint), start=_moment(start), end=_moment(end)
    )


def profile(
    table: str,
    column: str,
    *,
    start: str,
    end: str,
    levels: Sequence[float] = LEVELS,
) -> str:
    """Return the query for a column's quantiles in an inference table.

    Args:
        table: of Log Analytics or Data Explorer, with a column TimeGenerated.
        levels: percentages, 0 to 100, ascending.

    Raises:
        ValueError: a table cannot be called so, or a time is not one.
    """
    if not _TABLE.fullmatch(table):
        raise ValueError(f"no table can be called {table!r}")
    return _PROFILE.format(
        table=table,
        column=literal(column),
        start=_moment(start),
        end=_moment(end),
        levels=", ".join(f"{float(level):.10g}" for level in levels),
    )


def number_profile(
    row: Mapping[str, Any], levels: Sequence[float] = LEVELS
) -> NumberProfile:
    """Return the one row that `profile` answers with as a profile to compare.

    Args:
        row: by the query's names; Quantiles may be a list, or its JSON, as Log
            Analytics sends dynamic values.

    Raises:
        ValueError: the row is not such an answer.
    """
    try:
        n, rows, low, high = (
            int(row[key]) for key in ("Finite", "Rows", "Lowest", "Highest")
        )
        told = row["Quantiles"]
        found = json.loads(told) if isinstance(told, str) else told
        values = np.array(found or [], dtype=np.float64)
        about = (
            *(rows, rows - n - low - high, low, high),
            float(row["Mean"] or 0.0),
            float(row["Variance"] or 0.0) * max(0, n - 1),
        )
    except (KeyError, TypeError) as error:
        raise ValueError("not an answer to the profile's query") from error
    if not n:
        none = np.zeros(0)
        return NumberProfile(*about, none, none, none)
    if len(values) != len(levels) or not np.isfinite(values).all():
        raise ValueError(f"{len(values)} quantiles where {len(levels)} were asked for")
    values = np.maximum.accumulate(values)  # estimates may cross
    ranks = np.rint(np.asarray(levels) / 100 * (n - 1))
    x, first, sizes = np.unique(values, return_index=True, return_counts=True)
    return NumberProfile(*about, x, ranks[first], ranks[first + sizes - 1] + 1)


def _moment(text: str) -> str:
    if not _MOMENT.fullmatch(text):
        raise ValueError(f"{text!r} is not a time with a zone")
    return text
