"""Where a command writes what it made: a file, or the terminal and what it is piped to."""

import sys
from pathlib import Path

_DASH = Path("-")


def to_terminal(output: Path | None) -> bool:
    """Return whether `output` is standard output: no file is named, or "-"."""
    return output is None or output == _DASH


def put(content: bytes, output: Path | None) -> None:
    """Write `content`, byte for byte. Raises OSError."""
    if output is None or to_terminal(output):
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
    else:
        output.write_bytes(content)
