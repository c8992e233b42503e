"""Where evidence and heads of the log lie: ours to write, and nobody's to take away."""

import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

from azure.core import MatchConditions
from azure.core.exceptions import (
    AzureError,
    ClientAuthenticationError,
    HttpResponseError,
    ResourceModifiedError,
)
from azure.storage.blob.aio import ContainerClient

from bot import addresses
from bot.azure.arm import Arm
from bot.azure.cloud import Cloud
from bot.azure.errors import speaking_of
from bot.azure.identity import credential
from bot.check.asked import Said, asked
from bot.check.finding import Finding
from bot.check.needed import AWAY, needing
from bot.evidence.blob import split
from bot.ports import Impossible, Unavailable
from bot.settings import Settings

_ROLE = "Storage Blob Data Contributor at the container: deploy/README.md, Roles"
_LOCK = "set a policy and lock it: deploy/README.md, Install, step 9"
_AWAY = "is the address right, and may we reach it?"
_STORAGE = "2024-01-01"  # the API that shows a container
_NOBODY = '"nobody"'  # an ETag that no blob has
_CONNECT_S, _READ_S = 5, 10


async def evidence(settings: Settings, stack: AsyncExitStack) -> AsyncIterator[Finding]:
    """Yield whether `serve` may write where it keeps what must last."""
    places = {"evidence": settings.evidence_url}
    if settings.anchor_url not in ("", settings.evidence_url):
        each = addresses.places(settings.anchor_url)
        many = len(each) > 1
        for number, place in enumerate(each, 1):
            places[f"log heads {number}" if many else "log heads"] = place
    shared = settings.database_url.startswith("postgresql")
    for about, place in places.items():
        if not place.startswith(("https://", "http://")):
            yield _folder(about, Path(place), shared=shared)
            continue
        try:
            container, below = _client(place, settings.reader_client_id, stack)
        except ValueError:
            text = "no address of a container: https://NAME.blob.core.windows.net/CONTAINER"
            yield Finding("fail", about, text, "mend EVIDENCE_URL or ANCHOR_URL")
            continue
        stack.push_async_callback(container.close)
        question = _container(container, below)
        yield await asked(about, question, refused=_ROLE, away=_AWAY)
    if settings.evidence_url.startswith(("https://", "http://")):
        yield await _locked(settings, stack)


def _client(
    place: str, client_id: str, stack: AsyncExitStack
) -> tuple[ContainerClient, str]:
    """Return a client of a container and the path below it. Raises ValueError."""
    address, below = split(place)
    who = None if "sig=" in place else credential(client_id, stack)
    client = ContainerClient.from_container_url(
        address,
        who,
        connection_timeout=_CONNECT_S,
        read_timeout=_READ_S,
        retry_total=0,  # somebody waits for the line
    )
    return client, below


async def _locked(settings: Settings, stack: AsyncExitStack) -> Finding:
    """Return whether nobody can take the policy away: only ARM tells that."""
    about, resource = "evidence lock", settings.evidence_resource
    if not resource:
        todo = "set EVIDENCE_RESOURCE to the container's ARM id, and ask again"
        return Finding("look", about, "nobody asked Azure for it", todo)
    cloud = Cloud(settings.azure_management_url, settings.azure_logs_url)
    arm = Arm(cloud, credential(settings.reader_client_id, stack))
    stack.push_async_callback(arm.close)
    todo = f"is the id right? else give it {_ROLE}"
    return await asked(about, lock(arm, resource), refused=todo, away=AWAY)


async def lock(arm: Arm, resource: str) -> Said:
    right = "Microsoft.Storage/storageAccounts/blobServices/containers/read"
    with needing(right, resource), speaking_of("the container of evidence"):
        found = (await arm.get(resource, version=_STORAGE)).properties
        policy = (found.get("immutabilityPolicy") or {}).get("properties") or {}
        days = int(policy.get("immutabilityPeriodSinceCreationInDays") or 0)
    if not days:
        return "no policy by days stands over the container", _LOCK
    if policy.get("state") != "Locked":
        text = f"a policy of {days} days, not locked: who owns it can take it away"
        return text, _LOCK
    return f"locked: nobody can change or delete what is younger than {days} days", ""


def _folder(about: str, path: Path, *, shared: bool) -> Finding:
    there = next(p for p in (path, *path.absolute().parents) if p.exists())
    if not there.is_dir():
        return Finding("fail", about, f"{there} is no folder", "name another one")
    if not os.access(there, os.W_OK | os.X_OK):
        todo = "let this user write there, or name another folder"
        return Finding("fail", about, f"{there} cannot be written to", todo)
    if shared:
        text = f"{path} is of this machine: other replicas do not see it"
        return Finding("look", about, text, "name a blob container")
    made = "" if there == path else "; made at the first start"
    return Finding("ok", about, f"the folder {path}{made}")


async def _container(container: ContainerClient, below: str) -> Said:
    """Look at a container, and try a write that can change nothing.

    Rights are looked at before conditions: to replace a blob that nobody has is
    answered 412 to who may write, and 403 to everybody else.
    """
    blob = container.get_blob_client(f"{below}watchkeeper-check")
    try:
        await blob.upload_blob(
            b"",
            overwrite=True,
            etag=_NOBODY,
            match_condition=MatchConditions.IfNotModified,
        )
    except ResourceModifiedError:
        pass
    except AzureError as error:
        if _code(error) != "BlobNotFound":
            raise _translated(error, "write blobs") from None
    else:
        raise Unavailable("it takes what it should refuse: is it Blob Storage?")
    try:
        found = await container.get_container_properties()
    except AzureError as error:
        why = _translated(error, "read the container's properties")
        return f"writable; is a policy over it? {why}", _LOCK
    if found.public_access:
        return "everybody may read it", "set its public access to none"
    if not (found.has_immutability_policy or found.has_legal_hold):
        return "writable, and nothing keeps anybody from deleting", _LOCK
    return "writable; a policy stands over what is written", ""


def _translated(error: AzureError, right: str) -> Impossible | Unavailable:
    code = _code(error)
    status = error.status_code if isinstance(error, HttpResponseError) else None
    words = {
        None: f"it does not answer: {type(error).__name__}",
        401: "our identity is not accepted",
        404: "there is no such container",
        429: "it limits our requests: ask again later",
    }
    if isinstance(error, ClientAuthenticationError):
        words[None] = "our identity is not to be had"
    named = f" ({code})" if code else ""
    if code in ("AuthorizationFailure", "PublicAccessNotPermitted"):
        return Unavailable(f"its network rules keep us out{named}")
    if status == 403:  # noqa: PLR2004
        return Impossible(f"missing: the right to {right}{named}")
    return Unavailable(words.get(status, f"it answered {status}") + named)


def _code(error: AzureError) -> str:
    """Return Azure's own name of the failure, or ""."""
    found = getattr(error, "error_code", None) or ""
    return str(getattr(found, "value", found))  # an enum, of those that the SDK knows
