"""Rows out of Blob Storage: the files below a path, as one table, within bounds.

Parquet, or what the model data collector writes: JSON lines by the hour.
"""

import asyncio
import hashlib
import re
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib import import_module
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from azure.core.credentials_async import AsyncTokenCredential

from bot.azure.cloud import CONNECT_S, READ_S, Cloud
from bot.azure.errors import speaking_of
from bot.azure.ml import Place, Side
from bot.azure.texts import SUFFIXES, Hours, described, table
from bot.azure.together import together
from bot.ports import Impossible, Lying, Piece, Taken
from bot.signals.readers import Unreadable

if TYPE_CHECKING:
    from azure.storage.blob.aio import ContainerClient

MOST_BYTES = 512 * 2**20  # compressed; a side of a monitor is usually below 50 MB
_MOST_FILES = 5_000
_AT_ONCE = 8
_LIMIT_S = 300
# Below a data collector's folder the hour is in the path: …/2026/11/23/07/….
_MLTABLE = "MLTable"
_HOUR = re.compile(r"/(\d{4})/(\d\d)/(\d\d)/(\d\d)/")


@dataclass(frozen=True, slots=True)
class Read:
    """The rows of one side."""

    table: pa.Table
    hours: Hours = ()  # how many rows are of which hour; () where files name none
    findings: tuple[str, ...] = ()  # what was wrong with the files


async def rows(cloud: Cloud, credential: AsyncTokenCredential, side: Side) -> Read:
    """Return the rows of `side`, all columns; files of hours outside it are left out.

    An empty window is a table without rows and columns, not an error: it is for the
    engine to say that there was not enough data.
    """
    with speaking_of(f"the data {side.name}"):
        async with _container(cloud, credential, side) as container:
            files = await _download(container, side)
    with _legible(side.name):
        return await asyncio.to_thread(_table, files)


@contextmanager
def _legible(name: str) -> Iterator[None]:
    """Say in one line that files cannot be read."""
    try:
        yield
    except Unreadable as error:
        words = f"The files of {name} cannot be read as rows{_why(error)}."
        raise Impossible(words) from error
    except (pa.ArrowException, OSError) as error:
        words = f"The files of {name} are not Parquet of one shape."
        raise Impossible(words) from error


def _why(error: Unreadable) -> str:
    """Return what an MLTable has wrong; of other files it stays with the reader."""
    told = str(error)
    return f": {told}" if _MLTABLE in told else ""


async def lying(cloud: Cloud, credential: AsyncTokenCredential, side: Side) -> Lying:
    """Return the files of `side` by their hours; none is downloaded."""
    with speaking_of(f"the data {side.name}"):
        async with _container(cloud, credential, side) as container:
            found = await _listed(container, side, most=None)
    by_hour: dict[datetime | None, list[_File]] = {}
    whole = _description([one.name for one in found])  # which tells of all files
    for one in sorted(found, key=lambda file: file.name):
        by_hour.setdefault(None if whole else _hour(one.name), []).append(one)
    first = datetime.min.replace(tzinfo=UTC)
    pieces = tuple(
        Piece(
            at=at,
            files=tuple(f.name for f in some),
            mark=_mark(some),
            size=sum(f.size for f in some),
        )
        for at, some in sorted(by_hour.items(), key=lambda one: one[0] or first)
    )
    place = side.place.address
    return Lying(name=side.name, place=place, window=side.window, pieces=pieces)


def _mark(files: Sequence["_File"]) -> str:
    text = "\n".join(f"{one.name}\t{one.etag}\t{one.size}" for one in files)
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:32]


async def taken(
    cloud: Cloud,
    credential: AsyncTokenCredential,
    side: Lying,
    pieces: Sequence[Piece],
) -> tuple[Taken, ...]:
    """Return the rows of these pieces of `side`. Raises as `rows`."""
    place = Place.at(side.place)
    if place is None:
        raise Impossible(f"The data {side.name} do not lie in Blob Storage.")
    if sum(piece.size for piece in pieces) > MOST_BYTES:
        raise Impossible(_too_large(side.name))
    whole = Side(side.name, place, side.window)
    with speaking_of(f"the data {side.name}"):
        async with _container(cloud, credential, whole) as container:
            names = [name for piece in pieces for name in piece.files]
            content = dict(await _fetched(container, names))
    found = []
    for piece in pieces:
        files = [(name, content.pop(name)) for name in piece.files]
        with _legible(side.name):
            read = await asyncio.to_thread(_table, files)
        found.append(Taken(piece=piece, table=read.table, findings=read.findings))
    return tuple(found)


async def holds(cloud: Cloud, credential: AsyncTokenCredential, side: Side) -> bool:
    """Return whether anything lies at the place of `side`; nothing is downloaded."""
    with speaking_of(f"the data {side.name}"):
        async with _container(cloud, credential, side) as container:
            path = side.place.path
            async for _ in container.list_blobs(
                name_starts_with=path, results_per_page=1
            ):
                return True
    return False


@asynccontextmanager
async def _container(
    cloud: Cloud, credential: AsyncTokenCredential, side: Side
) -> AsyncIterator["ContainerClient"]:
    await asyncio.to_thread(import_module, "azure.storage.blob.aio")
    from azure.storage.blob.aio import ContainerClient  # noqa: PLC0415

    place = side.place
    address, audience = cloud.blob_account(place.account, place.suffix)
    async with (
        asyncio.timeout(_LIMIT_S),
        ContainerClient(
            address,
            place.container,
            credential,
            audience=audience,
            transport=cloud.aio_transport(),
            connection_timeout=CONNECT_S,
            read_timeout=READ_S,
            retry_total=0,
        ) as container,
    ):
        yield container


@dataclass(frozen=True, slots=True)
class _File:
    name: str
    etag: str
    size: int


async def _download(
    container: "ContainerClient", side: Side
) -> list[tuple[str, bytes]]:
    names = [one.name for one in await _listed(container, side)]
    return await _fetched(container, sorted(names))


async def _listed(
    container: "ContainerClient", side: Side, most: int | None = MOST_BYTES
) -> list[_File]:
    """Return the files of a side, of at most so many bytes where they are to be read."""
    found, size = list[_File](), 0
    async for blob in container.list_blobs(name_starts_with=side.place.path):
        name = str(blob.name)
        described = name.rpartition("/")[2] == _MLTABLE
        if not (described or name.endswith((".parquet", *SUFFIXES))):
            continue
        if not _within(name, side.window):
            continue
        found.append(_File(name, str(blob.etag), blob.size or 0))
        size += blob.size or 0
        if most is not None and (size > most or len(found) > _MOST_FILES):
            raise Impossible(_too_large(side.name))
    return found


def _too_large(name: str) -> str:
    return f"The data {name} is larger than {MOST_BYTES // 2**20} MB."


async def _fetched(
    container: "ContainerClient", names: Sequence[str]
) -> list[tuple[str, bytes]]:
    slots = asyncio.Semaphore(_AT_ONCE)

    async def fetch(name: str) -> tuple[str, bytes]:
        async with slots:
            stream = await container.download_blob(name)
            content: bytes = await stream.readall()
            return name, content

    return await together(*map(fetch, names))


def _within(name: str, window: tuple[datetime, datetime] | None) -> bool:
    """Return whether a file may hold rows of the window; one without an hour may."""
    start = _hour(name)
    if window is None or start is None:
        return True
    return start < window[1] and start + timedelta(hours=1) > window[0]


def _hour(name: str) -> datetime | None:
    """Return the hour that a file's path names, None where it names none."""
    found = _HOUR.search(name)
    if found is None:
        return None
    year, month, day, hour = (int(g) for g in found.groups())
    try:
        return datetime(year, month, day, hour, tzinfo=UTC)
    except ValueError:
        return None


def _description(names: Sequence[str]) -> str:
    """Return the MLTable that says which of these files are the rows, "": none does."""
    found = [name for name in names if name.rpartition("/")[2] == _MLTABLE]
    return min(found, key=lambda name: (name.count("/"), name), default="")


def _table(files: list[tuple[str, bytes]]) -> Read:
    import pyarrow.parquet as pq  # noqa: PLC0415

    if description := _description([name for name, _ in files]):
        blobs = [(name, None, content) for name, content in files]
        found, wrong = described(blobs, description)
        return Read(found, findings=wrong)
    packed = [(name, content) for name, content in files if name.endswith(".parquet")]
    if not packed and files:
        return Read(*table([(name, _hour(name), content) for name, content in files]))
    if not packed:
        return Read(pa.table({}))
    tables: list[Any] = [pq.read_table(pa.BufferReader(c)) for _, c in packed]
    by_hour: dict[datetime, int] = {}
    for (name, _), one in zip(packed, tables, strict=True):
        at = _hour(name)
        if at is None:
            by_hour = {}
            break
        by_hour[at] = by_hour.get(at, 0) + one.num_rows
    # Names sort as their hours do, so the rows of an hour stand together.
    whole = pa.concat_tables(tables, promote_options="permissive")
    return Read(whole, (*by_hour.items(),))
