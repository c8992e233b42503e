"""A zip whose bytes follow from its files alone: no clock, no compressor, no platform.

Stored, not compressed: deflate's bytes differ between libraries, and then a packet that
is rebuilt years later would not be the same. So any other byte is a changed byte.
"""

import io
import struct
import zipfile
import zlib
from collections.abc import Mapping

_LOCAL = struct.Struct("<4s5H3I2H")
_CENTRAL = struct.Struct("<4s6H3I5H2I")
_END = struct.Struct("<4s4H2IH")
_NEEDS, _PLAIN, _MADE_BY_UNIX = 20, 0, 3 << 8
_TIME, _DATE = 0, 1 << 5 | 1  # 1980-01-01, the first day that a zip can name
_MODE = 0o100644 << 16


class BadPacket(Exception):
    """The file is no packet of ours, or not as we made it; the text says where."""


def pack(files: Mapping[str, bytes]) -> bytes:
    """Return the zip of `files`, sorted by name; names are ASCII, in all below 4 GB."""
    body, central = io.BytesIO(), io.BytesIO()
    for name, content in sorted(files.items()):
        word, crc, size = name.encode("ascii"), zlib.crc32(content), len(content)
        about = (_NEEDS, _PLAIN, 0, _TIME, _DATE, crc, size, size, len(word), 0)
        place = body.tell()
        body.write(_LOCAL.pack(b"PK\3\4", *about) + word + content)
        made = (_MADE_BY_UNIX | _NEEDS, *about, 0, 0, 0, _MODE, place)
        central.write(_CENTRAL.pack(b"PK\1\2", *made) + word)
    listing = central.getvalue()
    count = len(files)
    counts = (0, 0, count, count, len(listing), body.tell(), 0)
    return body.getvalue() + listing + _END.pack(b"PK\5\6", *counts)


def _plain(archive: zipfile.ZipFile, size: int) -> list[str]:
    """Return the names in a zip that is stored as ours are; BadPacket before it grows.

    A compressed file of some kilobytes can unpack to more than the memory holds.
    """
    listed = archive.infolist()
    stored = all(each.compress_type == zipfile.ZIP_STORED for each in listed)
    if not stored or sum(each.file_size for each in listed) > size:
        raise BadPacket("the zip was packed anew: ours are stored, not compressed")
    names = [each.filename for each in listed]
    if len(set(names)) != len(names):
        raise BadPacket("the zip holds two files of one name")
    return names


def unpack(content: bytes) -> dict[str, bytes]:
    """Return the files of a packet. Raises BadPacket when one byte is not as packed."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = _plain(archive, len(content))
            files = {name: archive.read(name) for name in names}
    except (
        zipfile.BadZipFile,
        RuntimeError,
    ) as error:  # an unknown method is the latter
        raise BadPacket(f"the zip is damaged: {error}") from None
    except (EOFError, OSError, ValueError, struct.error, zlib.error) as error:
        raise BadPacket(f"the zip is damaged ({type(error).__name__})") from None
    if not all(name.isascii() for name in names) or pack(files) != content:
        raise BadPacket("the zip was changed between its files, or packed anew")
    return files
