"""Tables on disk or in Blob Storage, opened by looking at what is there.

Parquet, CSV, JSON lines, MLTable folders and the model data collector's folders. What
is wrong with the data (lines that cannot be read, columns that change their type on the
way) is a finding of the frame; only what leaves nothing to read raises `Unreadable`.
"""

from typing import TYPE_CHECKING, Any

from bot.signals.readers import collector, mltable, parquet, text
from bot.signals.readers.files import Files, Found, Unreadable, find

if TYPE_CHECKING:
    from bot.signals.columns import Frame

__all__ = ["Unreadable", "read"]


def read(where: str, *, filesystem: Any = None, row_ids: bool = False) -> "Frame":
    """Return the table at `where`; Parquet is read column by column when asked.

    Args:
        where: a file, a folder, or an address that `pyarrow.fs` knows, such as
            abfss://container@account.dfs.core.windows.net/folder.
        filesystem: a `pyarrow.fs.FileSystem` that `where` is a path of, without a
            leading slash; no MLTable leads out of it.
        row_ids: give what the data collector wrote a column row_id (the request's
            correlation id, and which of its records), by which labels may come.

    Raises:
        Unreadable: nothing is there, or nothing that can be read; one line says what.
    """
    files, found = find(where, filesystem)
    import pyarrow as pa  # noqa: PLC0415 (find has loaded it)

    try:
        frame = _opened(files, found, where, row_ids=row_ids)
    except UnicodeDecodeError as error:
        raise Unreadable(
            f"{where}: its text is not {error.encoding.upper()}"
        ) from error
    except OSError as error:
        raise Unreadable(f"{where}: cannot be read: {_first_line(error)}") from error
    except pa.ArrowException as error:
        raise Unreadable(f"{where}: {_first_line(error)}") from error
    return frame


def _opened(files: Files, found: Found, where: str, *, row_ids: bool) -> "Frame":
    if found.mltable:
        return mltable.frame(files, found.mltable)
    match found.kind:
        case "parquet":
            return parquet.ParquetFrame.open(files, found.paths)
        case "csv":
            separator = text.delimiter(files, found.paths[0])
            return text.csv(files, found.paths, text.Dialect(separator))
        case "tsv":
            return text.csv(files, found.paths, text.Dialect("\t"))
        case "jsonl" if collector.is_collected(files, found.paths):
            return collector.frame(files, found.paths, row_ids=row_ids)
        case "jsonl":
            return text.json_lines(files, found.paths)
    raise Unreadable(f"{where}: no Parquet, CSV or JSON lines file is there")


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0][:200] if str(error).strip() else "damaged"
