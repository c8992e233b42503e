"""Freeze what was seen when the alert came; what could not be had is listed with why."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any, TypeAlias, TypeVar

from pydantic_core import to_jsonable_python

from bot.evidence import policy
from bot.evidence.shelf import NotKept, keep
from bot.incident import (
    CollectEvidence,
    EvidenceCollected,
    Incident,
    SignalsEvaluated,
)
from bot.ports import Impossible, Rows, Series, Unavailable, Workspace
from bot.store import Due, Leader
from bot.watch import Endpoint
from bot.worker.means import Means, record

T = TypeVar("T")
Parts: TypeAlias = dict[str, Any]
SPAN = timedelta(hours=2)  # of figures and logs, up to the evaluation
GRAIN = timedelta(minutes=5)
PATIENCE = 4  # attempts before a part counts as missing
METRICS = (
    ("RequestsPerMinute", "Average"),
    ("RequestLatency_P50", "Average"),
    ("RequestLatency_P95", "Average"),
    ("RequestLatency_P99", "Average"),
)
QUERIES = ("requests_by_status", "failure_reasons")


async def collect(
    means: Means, due: Due, effect: CollectEvidence, leader: Leader
) -> None:
    """Keep each part as an object of its own, and record their digests."""
    archive, workspace = means.archive, means.workspace
    incident = await means.incident(due)
    done = any(e.of == effect.seq for e in incident.every(EvidenceCollected))
    if done or archive is None or workspace is None:
        await means.store.outbox.finish(due.id, leader.role, fence=leader.epoch)
        return
    endpoint = means.endpoint(incident)
    found = _evaluation(incident, effect.seq)
    parts = _Parts(workspace, endpoint, found, patient=due.attempts < PATIENCE)
    await parts.collect()
    try:
        digests = {
            name: await keep(archive.shelf, _bytes(incident, found.at, name, content))
            for name, content in sorted(parts.found.items())
        }
    except NotKept as error:
        raise Unavailable(str(error)) from None
    event = EvidenceCollected(
        at=means.clock(),
        of=effect.seq,
        endpoint=incident.endpoint,
        digests=digests,
        missing=parts.missing,
        build=archive.build,
        configuration=archive.configuration,
    )
    await record(means, due.incident, lambda _: (event,), leader, done=due.id)


def _evaluation(incident: Incident, seq: int) -> SignalsEvaluated:
    found = incident.history[seq - 1]
    if not isinstance(found, SignalsEvaluated):
        raise TypeError(type(found).__name__)
    return found


def _bytes(incident: Incident, at: datetime, part: str, content: Any) -> bytes:
    document = {
        "part": part,
        "incident": incident.id,
        "endpoint": incident.endpoint,
        "evaluated_at": at.isoformat(),
        "content": to_jsonable_python(content),
    }
    text = json.dumps(document, indent=1, sort_keys=True, ensure_ascii=False)
    return text.encode() + b"\n"


class _Parts:
    """Parts by name, and by name why others are missing."""

    def __init__(
        self,
        workspace: Workspace,
        endpoint: Endpoint,
        evaluation: SignalsEvaluated,
        *,
        patient: bool,
    ) -> None:
        self._workspace, self._endpoint = workspace, endpoint
        self._evaluation, self._patient = evaluation, patient
        self.found: Parts = {}
        self.missing: dict[str, str] = {}

    async def collect(self) -> None:
        self._known()
        end = self._evaluation.at
        await self._metrics(end - SPAN, end)
        await self._logs(end - SPAN, end)
        self.missing["activity log"] = "not supported: this version does not read it"
        self.missing["alert rule"] = (
            "not supported: who set Azure's thresholds is not read; ours are in settings"
        )

    def _known(self) -> None:
        """Take what the evaluation has seen already, and our own settings."""
        seen, endpoint = self._evaluation, self._endpoint
        if seen.state is not None:
            state = asdict(seen.state)
            state["tags"] = policy.tags(seen.state.tags)
            self.found["deployments"] = state
        if seen.report is not None:
            self.found["signal report"] = seen.report
            self.found["windows"] = {
                "monitor": endpoint.monitor,
                "reference": _window(seen, "reference"),
                "production": _window(seen, "production"),
            }
        if seen.health:
            self.found["health"] = seen.health
        for name, why in seen.missing.items():
            self.missing[name] = why
        self.found["settings"] = endpoint.model_dump(mode="json")
        self.found["repeat"] = commands(endpoint)

    async def _metrics(self, start: datetime, end: datetime) -> None:
        kept: list[Series] = []
        for metric, aggregation in METRICS:
            asked = self._workspace.series(
                self._endpoint.id,
                metric,
                start,
                end,
                interval=GRAIN,
                aggregation=aggregation,
            )
            kept += await self._part(f"metric {metric}", asked) or ()
        if kept:
            self.found["metrics"] = [asdict(series) for series in kept]

    async def _logs(self, start: datetime, end: datetime) -> None:
        place, name = self._endpoint.log_workspace, self._endpoint.name
        asked: dict[str, dict[str, str]] = {q: {"endpoint": name} for q in QUERIES}
        asked["container_events"] = {"resource": self._endpoint.id}
        if self._endpoint.monitor:
            asked["monitor_runs"] = {"monitor": self._endpoint.monitor}
        for query, values in asked.items():
            if not place:
                self.missing[f"logs {query}"] = (
                    "disabled: the watch list names no log_workspace"
                )
                continue
            answer = self._workspace.query(place, query, values, start, end)
            rows = await self._part(f"logs {query}", answer)
            if rows is not None:
                self.found[f"logs {query}"] = _log(query, values, rows, (start, end))

    async def _part(self, name: str, asked: Awaitable[T]) -> T | None:
        try:
            return await asked
        except Unavailable as error:
            if self._patient:
                raise
            self.missing[name] = str(error)
        except Impossible as error:
            self.missing[name] = str(error)
        return None


def _window(seen: SignalsEvaluated, side: str) -> dict[str, Any]:
    fields: tuple[str, ...] = ("name", "rows", "window")
    read: Callable[[str], Any] = lambda f: getattr(seen.report, f"{side}_{f}")  # noqa: E731
    return {name: read(name) for name in fields}


def _log(
    query: str, values: dict[str, str], rows: Rows, span: tuple[datetime, datetime]
) -> dict[str, Any]:
    names, cells, left_out = policy.log_rows(rows.columns, rows.rows)
    return {
        "query": query,
        "text": rows.query,
        "parameters": values,
        "from": span[0],
        "to": span[1],
        "partial": rows.partial,
        "columns": names,
        "rows": cells,
        "columns_left_out": left_out,
    }


def commands(endpoint: Endpoint) -> dict[str, str]:
    """Return the runbook's four inspections as commands that anyone can repeat."""
    parts = endpoint.id.split("/")
    where = f"--subscription {parts[2]} -g {parts[4]} -w {parts[8]}"
    return {
        "deployments": f"az ml online-deployment list -e {endpoint.name} {where}",
        "traffic": f"az ml online-endpoint show -n {endpoint.name} {where}",
        "monitor": f"az ml schedule show -n {endpoint.monitor or 'MONITOR'} {where}",
        "runs": f"az ml job list {where}",
        "data": f"az ml data list {where}",
        "metrics": (
            f"az monitor metrics list --resource {endpoint.id} "
            f"--metrics {' '.join(name for name, _ in METRICS)} --interval PT5M"
        ),
    }
