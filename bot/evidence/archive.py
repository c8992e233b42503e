"""What evidence is kept with: the shelves, the key, and which of us it was."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from urllib.parse import urlsplit

from azure.core.credentials_async import AsyncTokenCredential
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bot.addresses import places
from bot.evidence.several import Several
from bot.evidence.shelf import Folder, Shelf
from bot.store.log import Head

_GIT = "git+"
_REPOS = "499b84ac-1321-427f-aa17-267ca6975798/.default"  # Azure Repos, to Entra


@dataclass(frozen=True, slots=True, kw_only=True)
class Archive:
    shelf: Shelf  # objects, by digest
    heads: Shelf  # anchored heads of the log
    key: Ed25519PrivateKey  # signs heads and packets
    announced: Ed25519PrivateKey | None = None  # the next one: see bot.keys
    anchor_every_s: float = 60.0
    build: str = ""  # version of this program
    configuration: str = ""  # SHA-256 of the watch list as it was read
    # Told after each attempt: the size that lies outside, the failures in a row.
    anchored: Callable[[int, int], None] = lambda _size, _failed: None

    def signer(self, head: Head | None) -> Ed25519PrivateKey:
        """Return which key signs a packet under `head`: one answers for all of it."""
        if head and self.announced and head.is_signed_by(self.announced.public_key()):
            return self.announced
        return self.key

    async def close(self) -> None:
        await self.shelf.close()
        await self.heads.close()


def open_shelf(place: str, credential: AsyncTokenCredential | None = None) -> Shelf:
    """Return the shelf at a folder, or at https://ACCOUNT.blob.…/CONTAINER."""
    if place.startswith(("https://", "http://")):
        from bot.evidence.blob import BlobShelf  # noqa: PLC0415 takes a second to import

        return BlobShelf(place, credential)
    return Folder(Path(place))


def open_heads(
    place: str, credential: AsyncTokenCredential | None = None, *, deep: bool = False
) -> Shelf:
    """Return the shelf of anchored heads: as above, or git+PATH or git+URL[#branch].

    Or several by commas, and each has them all.

    `deep`: for reading them all. With a `credential` Azure Repos lets us in. A clone that
    is named like a folder is read as what it is: its files are the newest heads alone.
    """
    if len(each := places(place)) > 1:
        return Several([open_heads(one, credential, deep=deep) for one in each])
    if not place.startswith(_GIT) and not _is_repository(Path(place)):
        return open_shelf(place, credential)
    from bot.evidence.git import GitShelf  # noqa: PLC0415 takes a while to import

    async def token() -> str:
        return (await credential.get_token(_REPOS)).token if credential else ""

    ours = _azure_repos(place)
    return GitShelf(place, deep=deep, token=token if credential and ours else None)


def _is_repository(path: Path) -> bool:
    bare = all((path / name).exists() for name in ("HEAD", "objects", "refs"))
    return bare or (path / ".git").exists()


def _azure_repos(place: str) -> bool:
    """Return whether an address is one that takes Entra's tokens.

    >>> _azure_repos("git+https://dev.azure.com/o/p/_git/heads")
    True
    >>> _azure_repos("git+https://dev.azure.com.example/o"), _azure_repos("git+/heads")
    (False, False)
    """
    parts = urlsplit(place.removeprefix(_GIT))
    host = parts.hostname or ""
    known = host == "dev.azure.com" or host.endswith(".visualstudio.com")
    return parts.scheme == "https" and known


@asynccontextmanager
async def opened(
    place: str, identity: str = "", *, heads: bool = False
) -> AsyncIterator[Shelf]:
    """Yield the shelf at `place` for a command; what is far is asked as who is signed in.

    That is a managed identity (`identity`, its client id) or whoever used `az login`; a
    folder, a container's address with a signature and most Git servers need neither.
    """
    open_it = partial(open_heads, deep=True) if heads else open_shelf
    far = place.startswith("https://") and "sig=" not in place
    if not far and not _azure_repos(place):
        shelf = open_it(place)
        try:
            yield shelf
        finally:
            await shelf.close()
        return
    from azure.identity.aio import DefaultAzureCredential  # noqa: PLC0415 see above

    client = identity or None
    async with DefaultAzureCredential(managed_identity_client_id=client) as credential:
        shelf = open_it(place, credential)
        try:
            yield shelf
        finally:
            await shelf.close()


def build() -> str:
    """Return the version of this program, "unknown" when it was not installed."""
    try:
        return version("watchkeeper")
    except PackageNotFoundError:
        return "unknown"
