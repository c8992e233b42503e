"""Who answers the queries of `bot.signals.kql`: Log Analytics, or Azure Data Explorer.

Each returns a function from a query to its rows, and blocks: a profile is made at the
command line or in a job. What is not the whole answer is refused, for a profile of some
of the rows would pass for one of all.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from azure.core import PipelineClient
from azure.core.credentials import TokenCredential
from azure.core.pipeline.policies import BearerTokenCredentialPolicy, RetryPolicy
from azure.core.rest import HttpRequest
from azure.monitor.query import LogsQueryClient, LogsQueryStatus

from bot.azure.cloud import Cloud
from bot.azure.errors import speaking_of
from bot.ports import Impossible
from bot.signals.kql import Ask

_LIMIT_S = 300
_LONG = timedelta(days=3_650)  # the query itself says from when to when


def log_analytics(credential: TokenCredential, cloud: Cloud, workspace: str) -> Ask:
    """Return who asks a Log Analytics workspace, named by its GUID."""
    client = LogsQueryClient(
        credential,
        endpoint=cloud.logs,
        audience=cloud.logs_audience,
        transport=cloud.requests_transport(_LIMIT_S),
    )

    def ask(query: str) -> Sequence[Mapping[str, Any]]:
        with speaking_of("the logs"):
            answer = client.query_workspace(
                workspace, query, timespan=_LONG, server_timeout=_LIMIT_S
            )
        if answer.status != LogsQueryStatus.SUCCESS:
            raise Impossible("Log Analytics answers for some of the rows only.")
        table = answer.tables[0]
        return [dict(zip(table.columns, row, strict=True)) for row in table.rows]

    return ask


def data_explorer(credential: TokenCredential, cluster: str, database: str) -> Ask:
    """Return who asks a database of Azure Data Explorer.

    Args:
        cluster: "https://name.region.kusto.windows.net"; http on this machine alone.

    Raises:
        ValueError: `cluster` is no such address.
    """
    cloud = Cloud(cluster, cluster)  # refuses what is neither https nor here
    client: PipelineClient[Any, Any] = PipelineClient(
        cloud.management,
        policies=[
            RetryPolicy(),
            BearerTokenCredentialPolicy(credential, f"{cloud.management}/.default"),
        ],
        transport=cloud.requests_transport(_LIMIT_S),
    )

    def ask(query: str) -> Sequence[Mapping[str, Any]]:
        body = {"db": database, "csl": query}
        request = HttpRequest("POST", f"{cloud.management}/v1/rest/query", json=body)
        with speaking_of(f"the database {database}"):
            answer = client.send_request(request)
            answer.raise_for_status()
            told = answer.json()
        return _rows(told)

    return ask


def _rows(answer: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """Return the first table's rows; a failure half way stands among them."""
    table = answer["Tables"][0]
    names = [column["ColumnName"] for column in table["Columns"]]
    if answer.get("Exceptions") or not all(isinstance(r, list) for r in table["Rows"]):
        raise Impossible("Data Explorer answers for some of the rows only.")
    return [dict(zip(names, row, strict=True)) for row in table["Rows"]]
