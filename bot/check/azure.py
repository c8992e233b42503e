"""Azure: each endpoint, its metrics, its monitor and its logs, as the reader sees them."""

from collections.abc import AsyncIterator, Awaitable
from collections.abc import Set as AbstractSet
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta

from bot.azure import AzureWorkspace, permissions
from bot.azure.arm import Arm
from bot.azure.cloud import Cloud
from bot.azure.errors import speaking_of
from bot.azure.identity import credential
from bot.check.asked import Said, asked
from bot.check.finding import Finding
from bot.check.needed import AWAY, README, needing, role
from bot.ports import Impossible
from bot.settings import Settings
from bot.watch import Endpoint, WatchList

_ML = "Microsoft.MachineLearningServices/workspaces"


async def azure(
    settings: Settings, watch: WatchList, stack: AsyncExitStack
) -> AsyncIterator[Finding]:
    """Yield what `serve` will meet in Azure."""
    who = credential(settings.reader_client_id, stack)
    cloud = Cloud(settings.azure_management_url, settings.azure_logs_url)
    workspace, arm = AzureWorkspace(who, cloud), Arm(cloud, who)
    bot = credential(settings.bot_identity or settings.bot_app_id, stack)
    mark = Arm(cloud, bot)
    for client in (workspace, arm, mark):
        stack.push_async_callback(client.close)
    for endpoint in watch.endpoints:
        reader = role("Reader", _place(endpoint))
        yield await _asked(
            f"endpoint {endpoint.name}",
            _state(workspace, endpoint, _place(endpoint)),
            f"is its id right? else {reader}",
        )
        yield await _asked(
            f"rights at {endpoint.name}",
            _rights(arm, endpoint, permissions.READS, {permissions.WRITE}),
            reader,
        )
        about = f"metrics of {endpoint.name}"
        yield await _asked(about, _metrics(workspace, endpoint), reader)
        if settings.portal_seconds:
            about = f"right to set alerts' state at {endpoint.name}"
            yield await _portal(about, mark, endpoint)
        async for finding in _rows(arm, workspace, endpoint):
            yield finding
        if endpoint.log_workspace:
            logs = role("Log Reader", f"the log workspace {endpoint.log_workspace}")
            about = f"logs of {endpoint.name}"
            yield await _asked(about, _logs(workspace, endpoint), logs)


async def moves(
    settings: Settings, watch: WatchList, stack: AsyncExitStack
) -> AsyncIterator[Finding]:
    """Yield what `execute` will meet in Azure."""
    who = credential(settings.executor_client_id, stack)
    cloud = Cloud(settings.azure_management_url, settings.azure_logs_url)
    workspace, arm = AzureWorkspace(who, cloud), Arm(cloud, who)
    stack.push_async_callback(workspace.close)
    stack.push_async_callback(arm.close)
    for endpoint in watch.endpoints:
        mover = role("Rollback Executor", endpoint.id)
        yield await _asked(
            f"endpoint {endpoint.name}",
            _state(workspace, endpoint, endpoint.id),
            f"is its id right? else {mover}",
        )
        yield await _asked(
            f"rights at {endpoint.name}",
            _rights(arm, endpoint, permissions.MOVES, frozenset()),
            mover,
        )
    training = [endpoint for endpoint in watch.endpoints if endpoint.retraining]
    if not training:
        return
    if not settings.trainer_client_id:
        todo = "set TRAINER_CLIENT_ID for `execute`, or drop `retraining`"
        text = f"nobody may submit {training[0].name}'s job"
        yield Finding("look", "retraining", text, todo)
        return
    trains = Arm(cloud, credential(settings.trainer_client_id, stack))
    stack.push_async_callback(trains.close)
    for endpoint in training:
        yield await _asked(
            f"rights to retrain {endpoint.name}",
            _rights(trains, endpoint, permissions.TRAINS, {permissions.WRITE}),
            role("Retraining Submitter", _place(endpoint)),
        )


def _place(endpoint: Endpoint) -> str:
    """Return the workspace of an endpoint, by ARM id: most rights are given there."""
    return endpoint.id.rsplit("/onlineendpoints/", 1)[0]


async def _rows(
    arm: Arm, workspace: AzureWorkspace, endpoint: Endpoint
) -> AsyncIterator[Finding]:
    """Yield whether the monitor is there, and whether we can read what it compares."""
    if endpoint.monitor:
        todo = f"is its name right? else {role('Reader', _place(endpoint))}"
        about = f"monitor {endpoint.monitor}"
        found = await _asked(about, _monitor(arm, endpoint), todo)
        yield found
        if found.level == "fail":
            return  # nobody can tell where its data lie
    if endpoint.monitor or (endpoint.labels and endpoint.labels.data):
        todo = (
            f"give it Storage Blob Data Reader at the container, and the role Reader at "
            f"the workspace: {README}"
        )
        yield await _asked(f"data of {endpoint.name}", _data(workspace, endpoint), todo)


async def _portal(about: str, arm: Arm, endpoint: Endpoint) -> Finding:
    """Return whether the bot's identity may acknowledge and close alerts in Azure.

    Without it they stay there as they are, and all else works.
    """
    todo = f"{role('Alert State', _place(endpoint))}; or set PORTAL_SECONDS=0"
    question = _rights(arm, endpoint, permissions.MARKS, {permissions.WRITE})
    return await asked(about, question, refused=todo, away=todo, worst="look")


async def _rights(
    arm: Arm, endpoint: Endpoint, needed: AbstractSet[str], others: AbstractSet[str]
) -> Said:
    """Return which of the `needed` rights are missing, and which are too many."""
    right = "Microsoft.Authorization/permissions/read"
    scope = endpoint.id if permissions.WRITE in needed else _place(endpoint)
    with needing(right, scope), speaking_of(f"the rights at {endpoint.name}"):
        found = await permissions.granted(arm, endpoint.id)
    if missing := needed - permissions.held(found, needed):
        raise Impossible(f"missing at {scope}: {', '.join(sorted(missing))}")
    if more := permissions.held(found, others | permissions.HARMFUL):
        return (
            f"all {len(needed)}, and more than it needs: {', '.join(sorted(more))}",
            f"assign the narrow role instead: {README}",
        )
    return f"all {len(needed)} that it needs, no harmful one", ""


async def _asked(about: str, question: Awaitable[Said], refused: str) -> Finding:
    return await asked(about, question, refused=refused, away=AWAY)


async def _state(workspace: AzureWorkspace, endpoint: Endpoint, scope: str) -> Said:
    with needing(f"{_ML}/onlineEndpoints/read", scope):
        state = await workspace.state(endpoint.id)
    shares = ", ".join(f"{name} {percent} %" for name, percent in state.traffic.items())
    names = {deployment.name for deployment in state.deployments}
    target = endpoint.rollback_target
    todo = ""
    if target and target.lower() not in {name.lower() for name in names}:
        todo = f"rollback_target {target} is none of {', '.join(sorted(names))}"
    return f"readable: {shares or 'no traffic'}", todo


async def _metrics(workspace: AzureWorkspace, endpoint: Endpoint) -> Said:
    end = datetime.now(UTC)
    with needing("Microsoft.Insights/metrics/read", _place(endpoint)):
        await workspace.series(
            endpoint.id, "RequestsPerMinute", end - timedelta(minutes=15), end,
            interval=timedelta(minutes=1), aggregation="Average",
        )  # fmt: skip
    return "readable", ""


async def _data(workspace: AzureWorkspace, endpoint: Endpoint) -> Said:
    """Say whether reference, production and labels can be read; none is downloaded."""
    empty, read = list[str](), list[str]()
    with needing(f"{_ML}/data/versions/read", _place(endpoint)):
        sides = await workspace.sides(endpoint, datetime.now(UTC))
    for side in sides:
        where = f"{side.place.account}/{side.place.container}"
        right = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read"
        with needing(right, f"the container {where}"):
            there = await workspace.holds(side)
        (read if there else empty).append(f"{side.name} in {where}")
    if empty:
        text = f"nothing lies there yet: {', '.join(empty)}"
        return text, "does the data collector write? is the asset's path right?"
    return f"readable: {', '.join(read)}", ""


async def _monitor(arm: Arm, endpoint: Endpoint) -> Said:
    path = _place(endpoint)
    right = f"{_ML}/schedules/read"
    with needing(right, path), speaking_of(f"the schedule {endpoint.monitor}"):
        found = (await arm.get(f"{path}/schedules/{endpoint.monitor}")).properties
    kind = str((found.get("action") or {}).get("actionType", ""))
    if kind != "CreateMonitor":
        return "a schedule", "it is no monitor: name the schedule that creates one"
    if not found.get("isEnabled", True):
        return "a monitor", "it is switched off: enable it, or no drift is ever found"
    return "a monitor, switched on", ""


async def _logs(workspace: AzureWorkspace, endpoint: Endpoint) -> Said:
    end = datetime.now(UTC)
    given = {"endpoint": endpoint.name}
    right = "Microsoft.OperationalInsights/workspaces/query/read"
    with needing(right, f"the log workspace {endpoint.log_workspace}"):
        await workspace.query(
            endpoint.log_workspace,
            "requests_by_status",
            given,
            end - timedelta(hours=1),
            end,
        )
    return "readable", ""
