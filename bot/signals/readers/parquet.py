"""Parquet files, read one column at a time: memory stays that of a column."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.signals.columns import spark_type
from bot.signals.readers.files import Files, short

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq


@dataclass(frozen=True, slots=True)
class ParquetFrame:
    """One or more Parquet files of one table; columns are those of the first."""

    files: Files
    paths: tuple[str, ...]
    schema: "pa.Schema"
    rows: int
    lacking: frozenset[tuple[str, str]]  # path, column
    footers: "tuple[pq.FileMetaData, ...]"
    findings: tuple[str, ...] = ()

    @classmethod
    def open(cls, files: Files, paths: Sequence[str]) -> "ParquetFrame":
        """Return the frame after reading nothing but the files' footers."""
        import pyarrow.parquet as pq  # noqa: PLC0415

        schema, rows, lacking, findings = None, 0, set(), []
        footers = []
        for path in paths:
            with files.seekable(path) as source:
                about = pq.ParquetFile(source)
                footers.append(about.metadata)
                rows += about.metadata.num_rows
                own = about.schema_arrow.remove_metadata()
            if schema is None:
                schema = own
            missing = [n for n in schema.names if n not in own.names]
            lacking |= {(path, name) for name in missing}
            changed = [
                name
                for name in schema.names
                if name in own.names and own.field(name).type != schema.field(name).type
            ]
            findings += [f"{short([path])}: lacks {name}" for name in missing]
            findings += [
                f"{short([path])}: {name} has another type" for name in changed
            ]
        return cls(
            files,
            tuple(paths),
            schema,
            rows,
            frozenset(lacking),
            tuple(footers),
            tuple(findings),
        )

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self.schema.names)

    def kind(self, name: str) -> str:
        return spark_type(self.schema.field(name).type)

    def column(self, name: str) -> "pa.ChunkedArray":
        import pyarrow as pa  # noqa: PLC0415
        import pyarrow.parquet as pq  # noqa: PLC0415

        wanted = self.schema.field(name).type
        coded = [name] if spark_type(wanted) == "string" else None
        if coded and not pa.types.is_dictionary(wanted):
            wanted = pa.dictionary(pa.int32(), wanted)
        chunks: list[pa.Array] = []
        for path, footer in zip(self.paths, self.footers, strict=True):
            if (path, name) in self.lacking:
                chunks.append(pa.nulls(footer.num_rows, wanted))
                continue
            with self.files.seekable(path) as source:
                about = pq.ParquetFile(source, metadata=footer, read_dictionary=coded)
                read = about.read(columns=[name], use_threads=False).column(0)
            if read.type != wanted:
                read = read.cast(wanted, safe=False)
            chunks += read.chunks
        return pa.chunked_array(chunks, wanted)
