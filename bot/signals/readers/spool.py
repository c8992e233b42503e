"""Text as it is read: kept in memory while it is small, and on disk as Parquet after.

Text has to be read as rows and is compared by columns. What outgrows the memory is put
into a folder of its own, which goes when its frame does.
"""

import weakref
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from bot.signals.columns import InMemory
from bot.signals.readers.files import Files
from bot.signals.readers.parquet import ParquetFrame
from bot.signals.readers.unify import became_text, cast, unified

if TYPE_CHECKING:
    import pyarrow as pa

    from bot.signals.columns import Frame

MEMORY = 128 << 20  # bytes of columns that are kept in memory


@dataclass(frozen=True, slots=True)
class TextFrame(InMemory):
    """A table that came from text, with what was wrong with that."""

    findings: tuple[str, ...] = ()


class Spool:
    """Takes pieces of one table, in order, and hands them out as a frame."""

    def __init__(self, memory: int = MEMORY) -> None:
        self._memory = memory
        self._pieces: list[pa.Table] = []
        self._held = 0
        self._folder: TemporaryDirectory[str] | None = None
        self._parts: list[str] = []
        self._said: dict[str, None] = {}

    def add(self, piece: "pa.Table") -> None:
        self._pieces.append(piece)
        self._held += piece.nbytes
        if self._held > self._memory:
            self._put_away()

    def _put_away(self) -> None:
        import pyarrow.parquet as pq  # noqa: PLC0415

        if self._folder is None:
            self._folder = TemporaryDirectory(prefix="watchkeeper-")
        path = Path(self._folder.name) / f"{len(self._parts):06d}.parquet"
        table, said = joined(self._pieces)
        self._said.update(dict.fromkeys(said))
        pq.write_table(table, path, compression="lz4", write_statistics=False)
        self._parts.append(str(path))
        self._pieces, self._held = [], 0

    def close(self) -> None:
        if self._folder is not None:
            self._folder.cleanup()

    def frame(self, findings: Sequence[str] = ()) -> "Frame":
        """Return all that was added as one table; nothing can be added after."""
        if self._folder is None:
            table, said = joined(self._pieces)
            return TextFrame(table, tuple(dict.fromkeys((*findings, *said))))
        if self._pieces:
            self._put_away()
        from pyarrow import fs  # noqa: PLC0415

        plain = ParquetFrame.open(Files(fs.LocalFileSystem()), self._parts, named=False)
        turned = {*self._said, *plain.findings}
        in_order = [line for line in map(became_text, plain.names) if line in turned]
        read = plain.with_findings(dict.fromkeys((*findings, *in_order)))
        weakref.finalize(read, self._folder.cleanup)
        return read


def joined(pieces: "Sequence[pa.Table]") -> "tuple[pa.Table, tuple[str, ...]]":
    """Return pieces as one table, and which columns became text on the way."""
    import pyarrow as pa  # noqa: PLC0415

    if not pieces:
        return pa.table({}), ()
    schema, findings = unified([piece.schema for piece in pieces])
    if all(piece.schema.equals(schema) for piece in pieces):
        return pa.concat_tables(pieces), findings
    alike = [
        pa.table([_column(piece, field) for field in schema], schema=schema)
        for piece in pieces
    ]
    return pa.concat_tables(alike), findings


def _column(piece: "pa.Table", field: "pa.Field") -> "pa.ChunkedArray":
    import pyarrow as pa  # noqa: PLC0415

    if field.name not in piece.column_names:
        return pa.chunked_array([pa.nulls(piece.num_rows, field.type)])
    return cast(piece.column(field.name), field.type)


@dataclass
class Notes:
    """What is wrong with text, noted while it is read."""

    said: dict[str, None] = field(default_factory=dict)
    bad: Counter[str] = field(default_factory=Counter)  # what was left out
    first: dict[str, str] = field(default_factory=dict)  # where, the first time

    def damaged(self, where: str) -> None:
        self._note("damaged line", where)

    def lost(self, where: str) -> None:
        self._note("request", where)

    def _note(self, what: str, where: str) -> None:
        self.bad[what] += 1
        self.first.setdefault(what, where)

    def findings(self) -> tuple[str, ...]:
        ends = {"damaged line": "left out", "request": "without their data"}
        return (
            *self.said,
            *(
                f"{n:,} {what}{'' if n == 1 else 's'} {ends[what]} ({self.first[what]})"
                for what, n in self.bad.items()
            ),
        )


def spooled(pieces: "Iterable[pa.Table]", notes: Notes) -> "Frame":
    """Return pieces as one frame, without holding more of them than fits."""
    spool = Spool()
    try:
        for piece in pieces:
            spool.add(piece)
        return spool.frame(notes.findings())
    except BaseException:
        spool.close()
        raise
