"""What an MLTable's `read_delimited` says of its text."""

from collections.abc import Mapping
from typing import Any, Literal

from bot.signals.readers.files import Unreadable
from bot.signals.readers.text import Dialect

_DELIMITERS = {"comma": ",", "tab": "\t", "semicolon": ";", "pipe": "|", "space": " "}
_ENCODINGS = {
    "utf8": "utf-8",
    "utf8bom": "utf-8-sig",
    "utf16": "utf-16",
    "utf32": "utf-32",
    "ascii": "ascii",
    "iso88591": "latin-1",
    "latin1": "latin-1",
    "windows1252": "cp1252",
}
_HEADERS: Mapping[str, Literal["each", "first", "none"]] = {
    "all_files_same_headers": "each",
    "all_files_different_headers": "each",
    "from_first_file": "first",
    "no_header": "none",
}


def dialect(options: Mapping[str, Any], where: str) -> Dialect:
    """Return how the text is written.

    Raises:
        Unreadable: an option has a value that MLTable does not know.
    """
    delimiter = str(options.get("delimiter", ","))
    delimiter = _DELIMITERS.get(delimiter, delimiter)
    if len(delimiter) != 1 or delimiter in '"\n\r' or not delimiter.isascii():
        raise Unreadable(f"{where}: the delimiter {delimiter!r} is not one character")
    said = str(options.get("encoding", "utf8"))
    plain = said.lower().replace("-", "").replace("_", "")
    header = str(options.get("header", "all_files_same_headers"))
    for value, known in ((plain, _ENCODINGS), (header, _HEADERS)):
        if value not in known:
            raise Unreadable(f"{where}: {value!r} is none of {', '.join(known)}")
    return Dialect(
        delimiter,
        encoding=_ENCODINGS[plain],
        header=_HEADERS[header],
        lines_in_values=options.get("support_multi_line") is True,
        empty_is_text=options.get("empty_as_string") is True,
    )
