"""A container of Azure Blob Storage as a shelf; If-None-Match keeps names written once."""

from urllib.parse import urlsplit, urlunsplit

from azure.core.credentials_async import AsyncTokenCredential
from azure.core.exceptions import (
    AzureError,
    HttpResponseError,
    ResourceNotFoundError,
)
from azure.storage.blob.aio import ContainerClient

from bot.evidence.shelf import Differs, NotKept, checked

_CONNECT_S, _READ_S = 10, 60
_TAKEN = (409, 412)


class BlobShelf:
    """`url` is the container's; a folder below it may follow, and a SAS after that."""

    def __init__(
        self, url: str, credential: AsyncTokenCredential | str | None = None
    ) -> None:
        container, self._folder = split(url)
        self._container = ContainerClient.from_container_url(
            container,
            credential,
            connection_timeout=_CONNECT_S,
            read_timeout=_READ_S,
            retry_total=2,
            # The SDK's own 15 s twice is too long for somebody who waits for a page.
            initial_backoff=0,
            increment_base=2,
            random_jitter_range=1,
        )

    async def put(self, name: str, content: bytes) -> None:
        try:
            await self._container.upload_blob(self._at(name), content, overwrite=False)
        except HttpResponseError as error:
            # 409 and 412 also of a name that a policy or a lease guards, and of a
            # container that is being deleted: what lies there decides.
            there = await self.get(name) if error.status_code in _TAKEN else None
            if there is None:
                raise NotKept(_words(error)) from None
            if there != content:
                raise Differs(f"{name} holds something else already") from None
        except AzureError as error:
            raise NotKept(_words(error)) from None

    async def get(self, name: str) -> bytes | None:
        try:
            stream = await self._container.download_blob(self._at(name))
            content: bytes = await stream.readall()
        except ResourceNotFoundError:
            return None
        except AzureError as error:
            raise NotKept(_words(error)) from None
        return content

    async def names(self, prefix: str) -> list[str]:
        try:
            start = self._folder + prefix
            found = self._container.list_blob_names(name_starts_with=start)
            own = len(self._folder)
            return sorted([str(name)[own:] async for name in found])
        except AzureError as error:
            raise NotKept(_words(error)) from None

    async def remove(self, name: str) -> bool:
        try:
            await self._container.delete_blob(self._at(name))
        except ResourceNotFoundError:
            return False
        except AzureError as error:  # 409: its policy or a hold; 412: a lease
            raise NotKept(_words(error)) from None
        return True

    async def close(self) -> None:
        await self._container.close()

    def _at(self, name: str) -> str:
        return self._folder + checked(name)


def split(url: str) -> tuple[str, str]:
    """Return the container's address, and the folder in it with a slash, "" without.

    An address by number has the account in front of the path, as Azurite does.

    >>> split("https://a.blob.core.windows.net/evidence/heads/?sig=x")
    ('https://a.blob.core.windows.net/evidence?sig=x', 'heads/')
    >>> split("http://127.0.0.1:10000/account/evidence")
    ('http://127.0.0.1:10000/account/evidence', '')
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    local = host == "localhost" or host.replace(".", "").isdigit() or ":" in host
    names = [name for name in parts.path.split("/") if name]
    own = 2 if local else 1
    folder = "".join(f"{name}/" for name in names[own:])
    path = "/" + "/".join(names[:own])
    return urlunsplit(parts._replace(path=path, fragment="")), folder


def _words(error: AzureError) -> str:
    """Return what happened without an address: those may hold a signature."""
    if isinstance(error, HttpResponseError) and error.status_code:
        return f"the evidence container answered {error.status_code}"
    return f"the evidence container did not answer ({type(error).__name__})"
