"""A Kusto that runs here: real KQL on DuckDB, behind the HTTP of its two front doors."""

import json
import math
from datetime import UTC, datetime, timedelta
from threading import Lock
from typing import Any

import duckdb_kql
import pyarrow as pa
from aiohttp import web

# The one operator that the translator lacks; the rows before it are in order.
_NUMBERED = "\n| extend Rank = row_number(0)\n"


class Kusto:
    """One database; `asked` are the queries that came, `partial` spoils the next one."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.partial = False
        self._database = duckdb_kql.connect()
        self._lock = Lock()

    def put(self, name: str, rows: pa.Table, start: datetime) -> None:
        """Keep a table, a row a second."""
        moments = [start + timedelta(seconds=i) for i in range(rows.num_rows)]
        kind = pa.timestamp("us", "UTC")
        stamped = rows.append_column("TimeGenerated", pa.array(moments, kind))
        self._database.register("given", stamped)
        self._database.execute(f"create or replace table {name} as from given")
        self._database.unregister("given")

    def rows(self, query: str) -> tuple[list[str], list[list[Any]]]:
        with self._lock:
            self.asked.append(query)
            first, numbered, rest = query.partition(_NUMBERED)
            if numbered:
                sql = duckdb_kql.to_sql(first, schema=None)
                rank = "row_number() over (order by Value) - 1 as Rank"
                ranked = (
                    f"create or replace table Ranked as select *, {rank} from ({sql})"  # noqa: S608
                )
                self._database.execute(ranked)
                query = f"Ranked\n{rest}"
            found = duckdb_kql.kql(self._database, query)
            names = [column[0] for column in found.description]
            return names, [[_json(v) for v in row] for row in found.fetchall()]

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_get("/msi/token", self._token)
        app.router.add_post("/v1/workspaces/{id}/query", self._logs)
        app.router.add_post("/v1/rest/query", self._explorer)
        return app

    async def _token(self, request: web.Request) -> web.Response:
        until = int(datetime.now(UTC).timestamp()) + 3_600
        resource = request.query["resource"]
        return web.json_response(
            {"access_token": f"for {resource}", "expires_on": str(until)}
        )

    async def _logs(self, request: web.Request) -> web.Response:
        allowed = "Bearer for https://api.loganalytics.io"
        if request.headers.get("Authorization") != allowed:
            raise web.HTTPUnauthorized
        names, rows = self.rows((await request.json())["query"])
        columns = [{"name": name, "type": "dynamic"} for name in names]
        table = {"name": "PrimaryResult", "columns": columns, "rows": rows}
        answer: dict[str, Any] = {"tables": [table]}
        if self.partial:
            answer["error"] = {"code": "PartialError", "message": "too much"}
        return web.json_response(answer)

    async def _explorer(self, request: web.Request) -> web.Response:
        body = await request.json()
        if body["db"] != "models":
            error = {"code": "BadRequest", "message": "no such database"}
            return web.json_response({"error": error}, status=400)
        names, rows = self.rows(body["csl"])
        columns = [{"ColumnName": name} for name in names]
        table = {"TableName": "Table_0", "Columns": columns, "Rows": rows}
        if self.partial:
            table["Rows"] = [*rows[:-1], {"Exceptions": ["Query is too large"]}]
        return web.json_response({"Tables": [table]})


def _json(value: Any) -> Any:
    """Return a value as Kusto writes it: what is no number of JSON's is text."""
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else str(value)
    return json.loads(json.dumps(value, default=str))
