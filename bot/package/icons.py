"""The app's icons, drawn: an eye, with a point of light where it looks.

`python -m bot.package.icons FOLDER` writes them; deploy/icons holds what it wrote.
"""

import struct
import sys
import zlib
from pathlib import Path

import numpy as np
import numpy.typing as npt

NIGHT, LIGHT, WHITE = (24, 45, 77), (255, 185, 48), (255, 255, 255)
ACCENT = "#182D4D"
_FINE = 8  # samples for each pixel's side
_Mask = npt.NDArray[np.bool_]


def color(size: int = 192) -> bytes:
    """Return the colour icon, a PNG: Teams asks for 192 x 192."""
    lid, iris, pupil = _eye(size, reach=0.36, line=0.030)
    coat = _coverage(lid | iris, size)[..., None]
    spot = _coverage(pupil, size)[..., None]
    picture = np.array(NIGHT) * (1 - coat) + np.array(WHITE) * coat
    picture = picture * (1 - spot) + np.array(LIGHT) * spot
    opaque = np.full((size, size, 1), 255.0)
    return _png(np.concatenate([picture, opaque], axis=2))


def outline(size: int = 32) -> bytes:
    """Return the outline icon, a PNG: white on nothing, 32 x 32."""
    lid, iris, pupil = _eye(size, reach=0.47, line=0.055)
    alpha = _coverage(lid | iris | pupil, size)[..., None] * 255
    return _png(np.concatenate([np.full((size, size, 3), 255.0), alpha], axis=2))


def _eye(size: int, reach: float, line: float) -> tuple[_Mask, _Mask, _Mask]:
    """Return lid, iris and pupil on a fine grid; lengths as shares of the side."""
    steps = (np.arange(size * _FINE) + 0.5) / (size * _FINE) - 0.5
    x, y = np.meshgrid(steps, steps)
    depth = reach * 0.55
    radius = (reach**2 + depth**2) / (2 * depth)  # of the two circles that cross
    lids = np.maximum(
        np.hypot(x, y - (radius - depth)), np.hypot(x, y + (radius - depth))
    )
    lid = np.abs(lids - radius) < line
    away = np.hypot(x, y)
    iris = (np.abs(away - reach * 0.36) < line * 0.8) & (lids < radius)
    return lid, iris, away < reach * 0.17


def _coverage(mask: _Mask, size: int) -> npt.NDArray[np.float64]:
    share: npt.NDArray[np.float64] = mask.reshape(size, _FINE, size, _FINE).mean((1, 3))
    return share


def _png(picture: npt.NDArray[np.float64]) -> bytes:
    """Return a PNG of rows of RGBA pixels; no library, so the same bytes everywhere."""
    pixels = np.clip(np.rint(picture), 0, 255).astype(np.uint8)
    height, width, _ = pixels.shape
    rows = b"".join(b"\0" + row.tobytes() for row in pixels)
    head = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    parts = ((b"IHDR", head), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data
        + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in parts
    )  # fmt: skip


def main() -> None:
    folder = Path(sys.argv[1])
    (folder / "color.png").write_bytes(color())
    (folder / "outline.png").write_bytes(outline())


if __name__ == "__main__":
    main()
