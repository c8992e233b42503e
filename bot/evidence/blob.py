"""A container of Azure Blob Storage as a shelf; If-None-Match keeps names written once."""

from azure.core.credentials_async import AsyncTokenCredential
from azure.core.exceptions import (
    AzureError,
    HttpResponseError,
    ResourceExistsError,
    ResourceNotFoundError,
)
from azure.storage.blob.aio import ContainerClient

from bot.evidence.shelf import Differs, NotKept, checked

_CONNECT_S, _READ_S = 10, 60


class BlobShelf:
    """`url` is the container's; a folder below it may follow."""

    def __init__(
        self, url: str, credential: AsyncTokenCredential | str | None = None
    ) -> None:
        self._container = ContainerClient.from_container_url(
            url.rstrip("/"),
            credential,
            connection_timeout=_CONNECT_S,
            read_timeout=_READ_S,
            retry_total=2,
        )

    async def put(self, name: str, content: bytes) -> None:
        try:
            await self._container.upload_blob(checked(name), content, overwrite=False)
        except ResourceExistsError:
            if await self.get(name) != content:
                raise Differs(f"{name} holds something else already") from None
        except AzureError as error:
            raise NotKept(_words(error)) from None

    async def get(self, name: str) -> bytes | None:
        try:
            stream = await self._container.download_blob(checked(name))
            content: bytes = await stream.readall()
        except ResourceNotFoundError:
            return None
        except AzureError as error:
            raise NotKept(_words(error)) from None
        return content

    async def names(self, prefix: str) -> list[str]:
        try:
            found = self._container.list_blob_names(name_starts_with=prefix)
            return sorted([str(name) async for name in found])
        except AzureError as error:
            raise NotKept(_words(error)) from None

    async def remove(self, name: str) -> bool:
        try:
            await self._container.delete_blob(checked(name))
        except ResourceNotFoundError:
            return False
        except AzureError as error:  # 409: its immutability policy still holds
            raise NotKept(_words(error)) from None
        return True

    async def close(self) -> None:
        await self._container.close()


def _words(error: AzureError) -> str:
    """Return what happened without an address: those may hold a signature."""
    if isinstance(error, HttpResponseError) and error.status_code:
        return f"the evidence container answered {error.status_code}"
    return f"the evidence container did not answer ({type(error).__name__})"
