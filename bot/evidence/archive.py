"""What evidence is kept with: the shelves, the key, and which of us it was."""

from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from azure.core.credentials_async import AsyncTokenCredential
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bot.evidence.shelf import Folder, Shelf


@dataclass(frozen=True, slots=True, kw_only=True)
class Archive:
    shelf: Shelf  # objects, by digest
    heads: Shelf  # anchored heads of the log
    key: Ed25519PrivateKey  # signs heads and packets
    anchor_every_s: float = 60.0
    build: str = ""  # version of this program
    configuration: str = ""  # SHA-256 of the watch list as it was read

    async def close(self) -> None:
        await self.shelf.close()
        await self.heads.close()


def open_shelf(place: str, credential: AsyncTokenCredential | None = None) -> Shelf:
    """Return the shelf at a folder, or at https://ACCOUNT.blob.…/CONTAINER."""
    if place.startswith(("https://", "http://")):
        from bot.evidence.blob import BlobShelf  # noqa: PLC0415 takes a second to import

        return BlobShelf(place, credential)
    return Folder(Path(place))


def build() -> str:
    """Return the version of this program, "unknown" when it was not installed."""
    try:
        return version("watchkeeper")
    except PackageNotFoundError:
        return "unknown"
