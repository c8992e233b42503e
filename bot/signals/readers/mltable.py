"""An MLTable folder: a YAML file that says where a table's files are."""

from collections.abc import Mapping
from fnmatch import fnmatch
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from bot.signals.readers import parquet, text
from bot.signals.readers.files import Files, Unreadable

if TYPE_CHECKING:
    from bot.signals.columns import Frame

_DELIMITERS = {"comma": ",", "tab": "\t", "semicolon": ";", "pipe": "|"}


def frame(files: Files, description: str) -> "Frame":
    """Return the table that an MLTable file describes.

    Of the transformations, those that read the files and `keep_columns` and
    `drop_columns` are followed; another one is named as a finding.

    Raises:
        Unreadable: the file is not an MLTable, or its paths lead nowhere local to it.
    """
    import yaml  # noqa: PLC0415

    try:
        told = yaml.safe_load(files.bytes(description))
    except yaml.YAMLError as error:
        raise Unreadable(f"{description}: not YAML") from error
    if not isinstance(told, Mapping) or not isinstance(told.get("paths"), list):
        raise Unreadable(f"{description}: lacks the list of paths")
    folder = str(PurePosixPath(description).parent)
    paths = [p for one in told["paths"] for p in _paths(files, folder, one)]
    if not paths:
        raise Unreadable(f"{description}: its paths match no file")
    steps = [_step(one) for one in told.get("transformations") or ()]
    return _shaped(_read(files, paths, dict(steps)), steps)


def _paths(files: Files, folder: str, one: Any) -> list[str]:
    if not isinstance(one, Mapping):
        return []
    kind, value = next(iter(one.items()))
    target = str(value).removeprefix("./")
    if "://" in target:
        raise Unreadable(f"{target}: only files beside the MLTable are read")
    if kind == "file":
        return [f"{folder}/{target}"]
    below = files.under(folder)
    if kind == "folder":
        start = f"{folder}/{target}".rstrip("/") + "/"
        return [path for path in below if path.startswith(start)]
    pattern = f"{folder}/{target}".replace("**/", "*")
    return [path for path in below if fnmatch(path, pattern)]


def _step(one: Any) -> tuple[str, Any]:
    if isinstance(one, Mapping) and one:
        name, value = next(iter(one.items()))
        return str(name), value
    return str(one), None


def _read(files: Files, paths: list[str], steps: Mapping[str, Any]) -> "Frame":
    if "read_parquet" in steps:
        return parquet.ParquetFrame.open(files, paths)
    if "read_json_lines" in steps:
        return text.json_lines(files, paths)
    options = steps.get("read_delimited") or {}
    delimiter = str(options.get("delimiter", ","))
    return text.csv(files, paths, _DELIMITERS.get(delimiter, delimiter))


def _shaped(read: "Frame", steps: list[tuple[str, Any]]) -> "Frame":
    names, findings = list(read.names), list(getattr(read, "findings", ()))
    for name, value in steps:
        listed = [value] if isinstance(value, str) else value
        if name == "keep_columns":
            names = [n for n in names if n in listed]
        elif name == "drop_columns":
            names = [n for n in names if n not in listed]
        elif not name.startswith("read_"):
            findings.append(f"the MLTable's step {name} was not followed")
    if names == list(read.names) and not findings:
        return read
    return _Chosen(read, tuple(names), tuple(findings))


class _Chosen:
    """Some columns of a frame."""

    def __init__(
        self, whole: "Frame", names: tuple[str, ...], findings: tuple[str, ...]
    ) -> None:
        self.rows, self.names, self.findings = whole.rows, names, findings
        self.kind, self.column = whole.kind, whole.column
