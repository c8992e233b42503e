"""Queries that Log Analytics answers by itself, so that no row has to travel.

Constant text; what differs is a quoted literal or a number, never a piece of query.
ResponseCode is taken as text: Azure documents it as a number and compares it as text.
`IdentityData`, which names the caller, is never read.
"""

import re
from collections.abc import Sequence

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
| project Value = todouble(column_ifexists({column}, real(null)))
| summarize Rows = count(), Missing = countif(isnull(Value) or isnan(Value)),
    Mean = avgif(Value, isfinite(Value)), Variance = varianceif(Value, isfinite(Value)),
    Quantiles = percentiles_array(Value, {levels})"""

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
    table: str, column: str, *, start: str, end: str, levels: Sequence[float]
) -> str:
    """Return the query for a column's quantiles in an inference table.

    Args:
        table: of Log Analytics or Data Explorer.
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


def _moment(text: str) -> str:
    if not _MOMENT.fullmatch(text):
        raise ValueError(f"{text!r} is not a time with a zone")
    return text
