"""The parts of evidence, each looked at once; what could not be had is named with why."""

from collections.abc import Awaitable, Iterable
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any, TypeAlias, TypeVar

from bot.evidence import policy
from bot.incident import (
    RULE_ID,
    Actor,
    AlertReceived,
    Incident,
    SignalsEvaluated,
)
from bot.ports import Impossible, Rows, Series, Unavailable, Workspace
from bot.watch import Endpoint, WatchList

T = TypeVar("T")
Found: TypeAlias = dict[str, Any]
SPAN = timedelta(hours=2)  # of figures and logs, up to the evaluation
CHANGES_SPAN = timedelta(hours=24)  # of the activity log
GRAIN = timedelta(minutes=5)
# Evidence that is looked for so long after the evaluation shows another moment.
TOO_LATE = timedelta(hours=6)
METRICS = (
    ("RequestsPerMinute", "Average"),
    ("RequestLatency_P50", "Average"),
    ("RequestLatency_P95", "Average"),
    ("RequestLatency_P99", "Average"),
)
QUERIES = ("requests_by_status", "failure_reasons")


class Parts:
    """Parts by name, and by name why others are missing.

    A reason begins with one of: unsupported, disabled, forbidden, not found, too late,
    timed out, not available.
    """

    def __init__(
        self,
        workspace: Workspace,
        watch: WatchList,
        endpoint: Endpoint,
        evaluation: SignalsEvaluated,
        *,
        patient: bool,
        late: bool = False,
    ) -> None:
        """`patient`: a part that is not to be had now is worth another try.

        `late`: what only shows the present is not taken for the past any more.
        """
        self._workspace, self._watch, self._endpoint = workspace, watch, endpoint
        self._evaluation, self._patient, self._late = evaluation, patient, late
        self.found: Found = {}
        self.missing: dict[str, str] = {}

    async def collect(self, incident: Incident) -> None:
        self._known()
        end = self._evaluation.at
        await self._metrics(end - SPAN, end)
        await self._logs(end - SPAN, end)
        await self._changes(end - CHANGES_SPAN, end)
        await self._plan()
        await self._rules(incident)

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
        if seen.also:
            self.found["other reports"] = seen.also
        if seen.health:
            self.found["health"] = seen.health
        self.missing.update({name: _why(text) for name, text in seen.missing.items()})
        self.found["settings"] = endpoint.model_dump(mode="json")
        there = seen.state.deployments if seen.state else ()
        names = [each.name for each in there]
        self.found["repeat"] = commands(endpoint, names, seen.at)

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

    async def _changes(self, start: datetime, end: datetime) -> None:
        """Keep what was changed in the whole workspace: a monitor or an asset, too."""
        workspace = self._endpoint.id.rsplit("/onlineendpoints/", 1)[0]
        asked = self._workspace.changes(workspace, start, end)
        lines = await self._part("activity log", asked)
        if lines is not None:
            self.found["activity log"] = {
                "from": start,
                "to": end,
                "changes": [{**asdict(c), "by": self._who(c.by)} for c in lines],
            }

    async def _plan(self) -> None:
        if not self._endpoint.monitor:
            self.missing["monitor"] = "disabled: the watch list names no monitor"
        elif self._late:
            self.missing["monitor"] = _TOO_LATE
        else:
            found = await self._part("monitor", self._workspace.plan(self._endpoint))
            if found is not None:
                kept = {**asdict(found), "set_by": self._who(found.set_by)}
                self.found["monitor"] = kept

    async def _rules(self, incident: Incident) -> None:
        named = {
            e.alert.labels[RULE_ID]: None
            for e in incident.every(AlertReceived)
            if e.alert.labels.get(RULE_ID)
        }
        if not named:
            self.missing["alert rule"] = (
                "unsupported: no alert names a rule of Azure Monitor; the limits of a "
                "monitor are in its own part"
            )
        kept = []
        for rule in named:
            if self._late:
                self.missing["alert rule"] = _TOO_LATE
                continue
            found = await self._part("alert rule", self._workspace.rule(rule))
            if found is not None:
                kept.append({**asdict(found), "set_by": self._who(found.set_by)})
        if kept:
            self.found["alert rule"] = kept

    def _who(self, account: str) -> str:
        """Return whom an object id belongs to; the id itself when nobody is listed."""
        if not account:
            return "not known"
        actor = Actor(self._watch.tenant, account.lower(), "")
        person = self._watch.person(actor)
        return person.name if person else policy.words(account)

    async def _part(self, name: str, asked: Awaitable[T]) -> T | None:
        try:
            return await asked
        except Unavailable as error:
            if self._patient:
                raise
            self.missing[name] = _why(str(error))
        except Impossible as error:
            self.missing[name] = _why(str(error))
        return None


_TOO_LATE = "too late: it was looked for long after the alert, and shows the present"
_KINDS = (
    ("may not", "forbidden"),
    ("knows nothing", "not found"),
    ("no monitor is named", "disabled"),
    ("in time", "timed out"),
    ("status 408", "timed out"),
    ("status 504", "timed out"),
)
_REASONS = ("unsupported", "disabled", "forbidden", "not found", "too late")


def _why(text: str) -> str:
    """Return a reason that begins with its kind.

    >>> _why("Our identity may not do that to the rule (AuthorizationFailed).")
    'forbidden: Our identity may not do that to the rule (AuthorizationFailed).'
    """
    text = policy.reason(text)
    if text.startswith(tuple(f"{kind}:" for kind in _REASONS)):
        return text
    folded = text.lower()
    kind = next((k for sign, k in _KINDS if sign in folded), "not available")
    return f"{kind}: {text}"


def _window(seen: SignalsEvaluated, side: str) -> dict[str, Any]:
    fields = ("name", "rows", "window")
    return {name: getattr(seen.report, f"{side}_{name}") for name in fields}


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


def commands(
    endpoint: Endpoint, deployments: Iterable[str], at: datetime
) -> dict[str, str]:
    """Return the runbook's inspections as commands that anyone can repeat.

    Deployment show (each), job list, data list, metrics list; then the others. Figures
    and changes are asked for the time that was looked at, not for that of the reader.
    """
    parts = endpoint.id.split("/")
    where = f"--subscription {parts[2]} -g {parts[4]} -w {parts[8]}"
    monitor = endpoint.monitor or "MONITOR"
    return {
        **{
            f"deployment {name}": (
                f"az ml online-deployment show -n {name} -e {endpoint.name} {where}"
            )
            for name in sorted(deployments)
        },
        "deployments": f"az ml online-deployment list -e {endpoint.name} {where}",
        "traffic": f"az ml online-endpoint show -n {endpoint.name} {where}",
        "monitor": f"az ml schedule show -n {monitor} {where}",
        "runs": f"az ml job list {where}",
        "data": f"az ml data list {where}",
        "metrics": (
            f"az monitor metrics list --resource {endpoint.id} "
            f"--metrics {' '.join(name for name, _ in METRICS)} --interval PT5M "
            f"--aggregation Average {_between(at - SPAN, at)}"
        ),
        "activity log": (
            f"az monitor activity-log list --subscription {parts[2]} -g {parts[4]} "
            f"{_between(at - CHANGES_SPAN, at)}"
        ),
        "access": (
            f"az role assignment list --subscription {parts[2]} --scope {endpoint.id} "
            "--include-inherited"
        ),
    }


def _between(start: datetime, end: datetime) -> str:
    """Return a span as `az` takes it, in whole seconds of UTC."""
    first, last = (f"{each:%Y-%m-%dT%H:%M:%SZ}" for each in (start, end))
    return f"--start-time {first} --end-time {last}"
