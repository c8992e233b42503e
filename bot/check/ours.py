"""What we were told: settings, the watch list, the keys' file."""

from azure.identity.aio import DefaultAzureCredential

from bot.azure.vault import secret
from bot.check.finding import Finding
from bot.keys import CannotRead, Keys
from bot.ports import Impossible, Unavailable
from bot.settings import Settings
from bot.watch import Endpoint, WatchList


def settled(settings: Settings, *, talks: bool = True) -> list[Finding]:
    wrong = [
        Finding("fail", "settings", line, "set it, or the service will not start")
        for line in settings.problems(talks=talks)
    ]
    if (
        talks
        and not settings.public_url
        and settings.host not in ("127.0.0.1", "localhost")
    ):
        wrong.append(
            Finding(
                "look", "settings", "PUBLIC_URL is empty: links on cards lead nowhere",
                "set it to the address under which people reach this service",
            )
        )  # fmt: skip
    return wrong or [Finding("ok", "settings", "all settings fit together")]


def watched(watch: WatchList) -> list[Finding]:
    found = []
    if not watch.endpoints:
        found.append(
            Finding("fail", "watch list", "no endpoint is watched", "name one")
        )
    for endpoint in watch.endpoints:
        for text, todo in _gaps(endpoint, watch):
            found.append(Finding("look", f"watch list: {endpoint.name}", text, todo))
    people, count = len(watch.people), len(watch.endpoints)
    return found or [
        Finding("ok", "watch list", f"{count} endpoints, {people} people, no gap")
    ]


def _gaps(endpoint: Endpoint, watch: WatchList) -> list[tuple[str, str]]:
    approvers = [p.name for p in watch.people if "approver" in p.roles and not p.guest]
    if endpoint.approval.people:
        approvers = [n for n in approvers if n in endpoint.approval.people]
    found = []
    if len(approvers) < endpoint.approval.count:
        found.append(
            (
                f"{endpoint.approval.count} must approve, {len(approvers)} may",
                "give more people the role approver, or ask for fewer",
            )
        )
    if approvers == [endpoint.owner]:
        found.append(
            (
                "its owner alone may approve, and nobody approves their own request",
                "name a second approver",
            )
        )
    if not endpoint.rollback_target:
        found.append(("no rollback_target", "name the deployment to go back to"))
    return found


async def keys(settings: Settings) -> Finding:
    if settings.key_secret_url:
        return await _secret(settings)
    path = settings.key_file
    if path.exists():
        try:
            Keys.load(path)
        except CannotRead as error:
            todo = "restore it, or make new ones: deploy/README.md, Keys"
            return Finding("fail", "keys", str(error), todo)
        return Finding("ok", "keys", f"{path} holds both keys")
    if settings.database_url.startswith("postgresql"):
        todo = "give every replica the same file: deploy/README.md, Keys"
        return Finding("look", "keys", f"{path} is not there", todo)
    return Finding("ok", "keys", f"{path} will be made at the first start")


async def _secret(settings: Settings) -> Finding:
    client = settings.reader_client_id or None
    try:
        async with DefaultAzureCredential(managed_identity_client_id=client) as known:
            Keys.read(await secret(settings.key_secret_url, known), "the secret")
    except (Unavailable, Impossible, ValueError, CannotRead) as error:
        todo = (
            "does serve's identity hold Key Vault Secrets User? deploy/README.md, Keys"
        )
        return Finding("fail", "keys", str(error), todo)
    return Finding("ok", "keys", "the secret of the vault holds both keys")
