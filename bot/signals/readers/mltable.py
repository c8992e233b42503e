"""An MLTable: a YAML file that says where a table's files are and how to read them."""

import posixpath
import re
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from bot.signals.readers import parquet, text
from bot.signals.readers.chosen import Chosen
from bot.signals.readers.dialect import dialect
from bot.signals.readers.files import Files, Unreadable, kind_of

if TYPE_CHECKING:
    from bot.signals.columns import Frame

_KINDS = ("file", "folder", "pattern")
_WILD = re.compile(r"[*?\[]")
_OF_ROWS = frozenset({"filter", "take", "skip", "take_random_sample"})
_CONVERTED = frozenset({"string", "float", "int", "boolean"})


def frame(files: Files, description: str) -> "Frame":
    """Return the table that an MLTable file describes.

    Its paths are files, folders and patterns: beside it, absolute, or addresses that
    `pyarrow.fs` knows (abfss://…). Of its transformations those that read the files,
    `keep_columns`, `drop_columns`, `take`, `skip` and plain `convert_column_types` are
    followed; any other is named as a finding.

    Raises:
        Unreadable: the file is no MLTable, or a path of it leads nowhere that can be
            read; the message names its line.
    """
    told, lines = _parsed(files, description)
    folder = posixpath.dirname(description)
    system, paths = files, list[str]()
    for entry, line in zip(told["paths"], lines, strict=True):
        where = f"{description}, line {line}"
        placed, some = _paths(files, folder, entry, where)
        if paths and not placed.system.equals(system.system):
            raise Unreadable(f"{where}: is in another place than the paths before it")
        system, paths = placed, [*paths, *some]
    steps = [_step(one) for one in told.get("transformations") or ()]
    return _shaped(_read(system, paths, dict(steps), description), steps)


def _parsed(files: Files, description: str) -> tuple[Mapping[str, Any], list[int]]:
    """Return what the file says, and the line of each of its paths."""
    import yaml  # noqa: PLC0415

    content = files.bytes(description)
    try:
        told = yaml.safe_load(content)
        tree = yaml.compose(content, Loader=yaml.SafeLoader)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise Unreadable(f"{description}: not YAML") from error
    if not isinstance(told, Mapping) or not isinstance(told.get("paths"), list):
        raise Unreadable(f"{description}: lacks the list of paths")
    if not told["paths"]:
        raise Unreadable(f"{description}: its list of paths is empty")
    if not isinstance(told.get("transformations") or [], list):
        raise Unreadable(f"{description}: its transformations are no list")
    nodes = tree.value if tree else []
    # The last one counts, as in what was loaded; one that is merged in has no lines.
    listed = [value.value for key, value in nodes if key.value == "paths"]
    lines = [node.start_mark.line + 1 for node in (listed[-1] if listed else ())]
    return told, lines if len(lines) == len(told["paths"]) else [1] * len(told["paths"])


def _paths(
    files: Files, folder: str, entry: Any, where: str
) -> tuple[Files, list[str]]:
    kind, value = next(iter(entry.items())) if _is_step(entry) else ("", None)
    if kind not in _KINDS or not isinstance(value, str) or not value:
        raise Unreadable(
            f"{where}: a path is one of {', '.join(_KINDS)}, with its name"
        )
    files, target = _placed(files, folder, value, where)
    if kind == "file":
        if not files.exists(target):
            raise Unreadable(f"{where}: no such file: {value}")
        return files, [target]
    wild = _WILD.search(target) if kind == "pattern" else None
    base = target[: wild.start()].rpartition("/")[0] if wild else target
    try:
        pattern = _pattern(target if kind == "pattern" else "**")
    except re.error as error:
        raise Unreadable(f"{where}: no pattern: {value}") from error
    try:
        below = files.under(base or ("/" if target.startswith("/") else "."))
    except FileNotFoundError:
        below = []
    named = [posixpath.normpath(path) for path in below]
    some = [p for p in named if pattern.match(p) and not p.endswith("MLTable")]
    if not some:
        raise Unreadable(f"{where}: no file is there: {value}")
    return files, some


def _placed(files: Files, folder: str, value: str, where: str) -> tuple[Files, str]:
    """Return where a path of the file leads to: beside it, unless it says otherwise."""
    from pyarrow import fs, lib  # noqa: PLC0415

    if "://" not in value:
        target = posixpath.normpath(posixpath.join(folder, value))
        inside = PurePosixPath(target).is_relative_to(posixpath.normpath(folder or "."))
        if files.closed and (".." in PurePosixPath(target).parts or not inside):
            raise Unreadable(f"{where}: leads out of its folder: {value}")
        return files, target
    if files.closed:
        raise Unreadable(f"{where}: names files in another place: {value}")
    try:
        system, path = fs.FileSystem.from_uri(value)
    except (OSError, ValueError, lib.ArrowException) as error:
        scheme = value.partition("://")[0]
        advice = "name the files by a path, or as abfss://container@account.dfs…/path"
        raise Unreadable(f"{where}: {scheme}:// is not read; {advice}") from error
    return Files(system), path


def _pattern(glob: str) -> re.Pattern[str]:
    """Return a pattern of paths: * and ? stay within a folder, ** does not.

    >>> [bool(_pattern("a/**/*.csv").match(p)) for p in ("a/1.csv", "a/b/1.csv")]
    [True, True]
    >>> bool(_pattern("a/*.csv").match("a/b/1.csv"))
    False
    """
    parts = re.split(r"(\*\*/|\*\*|\*|\?|\[[^\]/]+\])", glob)
    meant = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    return re.compile(
        "".join(
            part.replace("[!", "[^")
            if part.startswith("[") and part.endswith("]")
            else meant.get(part) or re.escape(part)
            for part in parts
        )
        + r"\Z"
    )


def _is_step(one: Any) -> bool:
    return isinstance(one, Mapping) and bool(one)


def _step(one: Any) -> tuple[str, Any]:
    if _is_step(one):
        name, value = next(iter(one.items()))
        return str(name), value
    return str(one), None


def _read(
    files: Files, paths: list[str], steps: Mapping[str, Any], description: str
) -> "Frame":
    reading = [name for name in steps if name.startswith("read_")]
    how = reading[0] if reading else f"read_{kind_of(paths[0]) or 'nothing'}"
    options = steps.get(how)
    match how:
        case "read_parquet":
            return parquet.ParquetFrame.open(files, paths)
        case "read_json_lines" | "read_jsonl":
            return text.json_lines(files, paths)
        case "read_delimited":
            told = options if isinstance(options, Mapping) else {}
            return text.csv(files, paths, dialect(told, description))
        case "read_csv" | "read_tsv":
            separator = "\t" if how == "read_tsv" else text.delimiter(files, paths[0])
            return text.csv(files, paths, text.Dialect(separator))
    raise Unreadable(f"{description}: {how} is not followed, so its files are not read")


def _shaped(read: "Frame", steps: Sequence[tuple[str, Any]]) -> "Frame":
    names, findings = list(read.names), list(getattr(read, "findings", ()))
    kinds: dict[str, str] = {}
    span: tuple[int, int | None] = (0, None)
    for name, value in steps:
        listed = [value] if isinstance(value, str) else value
        if name in {"keep_columns", "drop_columns"} and isinstance(listed, list):
            lacking = [str(n) for n in listed if n not in names]
            findings += [f"{name} names {n}, which is not there" for n in lacking]
            keep = name == "keep_columns"
            names = [n for n in names if (n in listed) == keep]
        elif name == "convert_column_types" and (some := _converted(value)) is not None:
            kinds |= some
        elif name in {"take", "skip"} and type(value) is int and value >= 0:
            span = _span(span, name, value)
        elif not name.startswith("read_"):
            rows = ": these are all of its rows" if name in _OF_ROWS else ""
            findings.append(f"the MLTable's step {name} was not followed{rows}")
    plain = {name: kind for name, kind in kinds.items() if name in names}
    if names == list(read.names) and not findings and not plain and span == (0, None):
        return read
    return Chosen(read, tuple(names), tuple(findings), plain, span)


def _span(
    span: tuple[int, int | None], name: str, count: int
) -> tuple[int, int | None]:
    """Return which rows are left of those that were."""
    start, stop = span
    if name == "skip":
        return start + count, None if stop is None else max(stop, start + count)
    return start, start + count if stop is None else min(stop, start + count)


def _converted(steps: Any) -> dict[str, str] | None:
    """Return the wanted type of each column, or None: not one that we convert to."""
    kinds: dict[str, str] = {}
    for one in steps if isinstance(steps, list) else [steps]:
        if not _is_step(one) or one.get("column_type") not in _CONVERTED:
            return None
        columns = one.get("columns")
        listed = columns if isinstance(columns, list) else [columns]
        kinds |= dict.fromkeys(map(str, listed), str(one["column_type"]))
    return kinds
