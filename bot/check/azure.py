"""Azure: each endpoint, its metrics, its monitor and its logs, as the reader sees them."""

from collections.abc import AsyncIterator, Awaitable
from collections.abc import Set as AbstractSet
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta

from bot.azure import AzureWorkspace, permissions
from bot.azure.arm import Arm
from bot.azure.cloud import Cloud
from bot.azure.errors import speaking_of
from bot.check.asked import Said, asked
from bot.check.finding import Finding
from bot.check.identity import credential
from bot.ports import Impossible
from bot.settings import Settings
from bot.watch import Endpoint, WatchList

_ROLES = "see deploy/README.md, Roles"


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
        yield await _asked(f"endpoint {endpoint.name}", _state(workspace, endpoint))
        yield await _asked(
            f"rights at {endpoint.name}",
            _rights(arm, endpoint, permissions.READS, {permissions.WRITE}),
        )
        yield await _asked(f"metrics of {endpoint.name}", _metrics(workspace, endpoint))
        if settings.portal_seconds:
            about = f"right to set alerts' state at {endpoint.name}"
            yield await _portal(about, mark, endpoint)
        if endpoint.monitor:
            yield await _asked(f"monitor {endpoint.monitor}", _monitor(arm, endpoint))
        if endpoint.log_workspace:
            yield await _asked(f"logs of {endpoint.name}", _logs(workspace, endpoint))


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
        yield await _asked(f"endpoint {endpoint.name}", _state(workspace, endpoint))
        yield await _asked(
            f"rights at {endpoint.name}",
            _rights(arm, endpoint, permissions.MOVES, frozenset()),
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
        asked = _rights(trains, endpoint, permissions.TRAINS, {permissions.WRITE})
        yield await _asked(f"rights to retrain {endpoint.name}", asked)


async def _portal(about: str, arm: Arm, endpoint: Endpoint) -> Finding:
    """Return whether the bot's identity may acknowledge and close alerts in Azure.

    Without it they stay there as they are, and all else works.
    """
    todo = "give it the role Alert State, or set PORTAL_SECONDS=0"
    question = _rights(arm, endpoint, permissions.MARKS, {permissions.WRITE})
    return await asked(about, question, refused=todo, away=todo, worst="look")


async def _rights(
    arm: Arm, endpoint: Endpoint, needed: AbstractSet[str], others: AbstractSet[str]
) -> Said:
    """Return which of the `needed` rights are missing, and which are too many."""
    with speaking_of(f"the rights at {endpoint.name}"):
        found = await permissions.granted(arm, endpoint.id)
    if missing := needed - permissions.held(found, needed):
        raise Impossible(f"missing: {', '.join(sorted(missing))}")
    if more := permissions.held(found, others | permissions.HARMFUL):
        return (
            f"all {len(needed)}, and more than it needs: {', '.join(sorted(more))}",
            f"assign the narrow role instead: {_ROLES}",
        )
    return f"all {len(needed)} that it needs, no harmful one", ""


async def _asked(about: str, question: Awaitable[Said]) -> Finding:
    return await asked(
        about,
        question,
        refused=f"is its id right? {_ROLES}",
        away=f"may we reach Azure? {_ROLES}",
    )


async def _state(workspace: AzureWorkspace, endpoint: Endpoint) -> Said:
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
    await workspace.series(
        endpoint.id, "RequestsPerMinute", end - timedelta(minutes=15), end,
        interval=timedelta(minutes=1), aggregation="Average",
    )  # fmt: skip
    return "readable", ""


async def _monitor(arm: Arm, endpoint: Endpoint) -> Said:
    path = endpoint.id.rsplit("/onlineendpoints/", 1)[0]
    with speaking_of(f"the schedule {endpoint.monitor}"):
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
    await workspace.query(
        endpoint.log_workspace,
        "requests_by_status",
        given,
        end - timedelta(hours=1),
        end,
    )
    return "readable", ""
