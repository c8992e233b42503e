"""Parquet files, read one column at a time: memory stays that of a column."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bot.signals.columns import spark_type
from bot.signals.readers.files import Files, short
from bot.signals.readers.unify import cast, unified

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq


@dataclass(frozen=True)
class ParquetFrame:
    """One or more Parquet files of one table; it has the columns of all of them."""

    files: Files
    paths: tuple[str, ...]
    schema: "pa.Schema"
    rows: int
    lacking: frozenset[tuple[str, str]]  # path, column
    texts: frozenset[tuple[str, str]]  # path, column
    footers: "tuple[pq.FileMetaData, ...]"
    findings: tuple[str, ...] = ()

    @classmethod
    def open(
        cls, files: Files, paths: Sequence[str], *, named: bool = True
    ) -> "ParquetFrame":
        """Return the frame after reading nothing but the files' footers.

        Args:
            named: a person knows the files by name, so findings say it.
        """
        import pyarrow.parquet as pq  # noqa: PLC0415

        schemas, footers = [], []
        for path in paths:
            with files.seekable(path) as source:
                about = pq.ParquetFile(source)
                footers.append(about.metadata)
                schemas.append(about.schema_arrow.remove_metadata())
        parts = [short([path]) for path in paths] if named else ()
        schema, findings = unified(schemas, parts)
        lacking = {
            (path, name)
            for path, own in zip(paths, schemas, strict=True)
            for name in schema.names
            if name not in own.names
        }
        texts = {
            (path, name)
            for path, own in zip(paths, schemas, strict=True)
            for name, kind in zip(own.names, own.types, strict=True)
            if spark_type(kind) == "string"
        }
        rows = sum(footer.num_rows for footer in footers)
        held = frozenset(lacking), frozenset(texts), tuple(footers), findings
        return cls(files, tuple(paths), schema, rows, *held)

    def with_findings(self, findings: Iterable[str]) -> "ParquetFrame":
        return replace(self, findings=tuple(findings))

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self.schema.names)

    def kind(self, name: str) -> str:
        return spark_type(self.schema.field(name).type)

    def column(self, name: str) -> "pa.ChunkedArray":
        import pyarrow as pa  # noqa: PLC0415
        import pyarrow.parquet as pq  # noqa: PLC0415

        wanted = self.schema.field(name).type
        if spark_type(wanted) == "string" and not pa.types.is_dictionary(wanted):
            wanted = pa.dictionary(pa.int32(), wanted)
        chunks: list[pa.Array] = []
        for path, footer in zip(self.paths, self.footers, strict=True):
            if (path, name) in self.lacking:
                chunks.append(pa.nulls(footer.num_rows, wanted))
                continue
            coded = [name] if (path, name) in self.texts else None
            with self.files.seekable(path) as source:
                about = pq.ParquetFile(source, metadata=footer, read_dictionary=coded)
                read = about.read(columns=[name], use_threads=False).column(0)
            chunks += cast(read, wanted).chunks
        return pa.chunked_array(chunks, wanted)
