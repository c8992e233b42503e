"""Every KQL query we ever send: constant text, and what may be filled in.

Values enter as declared parameters (`declare query_parameters`), each after its own
allow-list. The Logs API has no place for them beside the text, so they are the
declaration's defaults: string literals of characters that cannot end a literal.
None of these returns a request's body, a caller's identity or a console line: those
may hold personal data, and cards are read by many.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from bot.ports import Impossible

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,254}")
_RESOURCE = re.compile(r"/subscriptions/[A-Za-z0-9_./()-]{1,900}")
ALLOWED = {"endpoint": _NAME, "deployment": _NAME, "monitor": _NAME}
ALLOWED |= {"resource": _RESOURCE}


@dataclass(frozen=True, slots=True)
class Query:
    parameters: tuple[str, ...]
    text: str


QUERIES = {
    # ResponseCode is int in the table reference, and a string in Azure's own sample.
    "requests_by_status": Query(
        ("endpoint",),
        """// watchkeeper: requests_by_status
AmlOnlineEndpointTrafficLog
| where EndpointName =~ endpoint
| extend status = toint(ResponseCode)
| summarize requests = count(), p95_ms = percentile(todouble(TotalDurationMs), 95)
    by deployment = DeploymentName, status
| order by deployment asc, status asc""",
    ),
    "failure_reasons": Query(
        ("endpoint",),
        """// watchkeeper: failure_reasons
AmlOnlineEndpointTrafficLog
| where EndpointName =~ endpoint and toint(ResponseCode) >= 400
| summarize requests = count(), first = min(TimeGenerated), last = max(TimeGenerated)
    by deployment = DeploymentName, status = toint(ResponseCode),
       reason = ResponseCodeReason
| top 20 by requests""",
    ),
    "container_events": Query(
        ("resource",),
        """// watchkeeper: container_events
AmlOnlineEndpointEventLog
| where _ResourceId startswith resource
| summarize events = count(), last = max(TimeGenerated)
    by deployment = DeploymentName, name = Name
| top 20 by events""",
    ),
    "monitor_runs": Query(
        ("monitor",),
        """// watchkeeper: monitor_runs
AmlRunStatusChangedEvent
| where RunId has monitor
| project at = TimeGenerated, run = RunId, status = ResultSignature
| top 50 by at desc""",
    ),
}


def compose(name: str, values: Mapping[str, str]) -> str:
    """Return the text to send: the declared values, then the constant query.

    Raises Impossible for an unknown query, for other values than it declares, and for
    a value that is not on its allow-list.

    >>> print(compose("monitor_runs", {"monitor": "loan-drift"}).splitlines()[0])
    declare query_parameters(monitor:string = "loan-drift");
    """
    query = QUERIES.get(name)
    if query is None:
        raise Impossible(f"No query is called {plain(name)}.")
    if set(values) != set(query.parameters):
        raise Impossible(f"The query {name} takes {', '.join(query.parameters)}.")
    for parameter, value in values.items():
        if not ALLOWED[parameter].fullmatch(value):
            raise Impossible(f"{plain(value)} cannot be the {parameter} of a query.")
    declared = ", ".join(f'{p}:string = "{values[p]}"' for p in query.parameters)
    return f"declare query_parameters({declared});\n{query.text}"


def plain(text: str) -> str:
    """Return `text` quoted, without control characters and not longer than a name."""
    return repr(text[:60])
