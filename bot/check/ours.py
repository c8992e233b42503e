"""What we were told: settings, the watch list, the keys' file."""

import os
from pathlib import Path

from azure.identity.aio import DefaultAzureCredential

from bot.azure.vault import secret
from bot.check.finding import Finding
from bot.evidence import signing
from bot.keys import CannotRead, Keys
from bot.ports import Impossible, Unavailable
from bot.settings import Settings
from bot.store.log import Head
from bot.watch import Endpoint, WatchList
from cards.figures import count

_OTHERS = 0o077  # of a file's mode: what it lets others do
_LOST = "restore the one it was signed with: deploy/README.md, Keys"


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
    people = len(watch.people)
    words = f"{count(len(watch.endpoints), 'endpoint')}, {people} people, no gap"
    return found or [Finding("ok", "watch list", words)]


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


async def keys(settings: Settings, head: Head | None) -> Finding:
    """Look at the keys, and whether the log's newest head is signed by one of them."""
    if settings.key_secret_url:
        return await _secret(settings, head)
    path, about = settings.key_file, "keys"
    if path.exists():
        return _kept(path, head)
    if head is not None:
        text = f"{path} is not there, and this database was signed with one"
        return Finding("fail", about, text, _LOST)
    if settings.database_url.startswith("postgresql"):
        todo = "give every replica the same file: deploy/README.md, Keys"
        return Finding("look", about, f"{path} is not there", todo)
    return Finding("ok", about, f"{path} will be made at the first start")


async def _secret(settings: Settings, head: Head | None) -> Finding:
    client = settings.reader_client_id or None
    try:
        async with DefaultAzureCredential(managed_identity_client_id=client) as known:
            text = await secret(settings.key_secret_url, known)
        ours = _signed(text, "the secret", head)
    except (Unavailable, Impossible, ValueError, CannotRead, signing.NoKey) as error:
        todo = (
            "does serve's identity hold Key Vault Secrets User? deploy/README.md, Keys"
        )
        return Finding("fail", "keys", str(error), todo)
    if not ours:
        text = "the secret of the vault did not sign this database's log"
        return Finding("fail", "keys", text, _LOST)
    text = f"the secret of the vault holds both keys{_next(text)}"
    return Finding("ok", "keys", text)


def _signed(text: str, where: str, head: Head | None) -> bool:
    """Return whether the keys in `text`, or retired ones, signed `head`."""
    held = Keys.read(text, where)
    own = held.log.public_key()
    known = (*signing.announced(text, where), own, *signing.retired(text, where))
    return head is None or any(head.is_signed_by(key) for key in known)


def _next(text: str) -> str:
    return ", and announces new ones" if signing.announced(text, "") else ""


def _kept(path: Path, head: Head | None) -> Finding:
    try:
        Keys.load(path)
        signed = _signed(path.read_text("utf-8"), f"KEY_FILE {path}", head)
    except (CannotRead, signing.NoKey) as error:
        todo = "restore it, or make new ones: deploy/README.md, Keys"
        return Finding("fail", "keys", str(error), todo)
    if not signed:
        text = f"{path} did not sign this database's log"
        return Finding("fail", "keys", text, _LOST)
    ours = path.stat().st_uid == os.getuid() and os.access(path.parent, os.W_OK)
    if ours and path.stat().st_mode & _OTHERS:
        text = f"{path} holds both keys, and others on this machine may read it"
        return Finding("look", "keys", text, f"chmod 600 {path}")
    signs = ", which sign this database's log" if head else ""
    signs += _next(path.read_text("utf-8"))
    return Finding("ok", "keys", f"{path} holds both keys{signs}")
