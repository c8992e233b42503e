"""NumPy's faster sort on processors where it picks the slower one.

On AMD's Zen 4 the AVX-512 sort of NumPy runs at a sixth of the speed of its AVX2 sort:
storing a compressed register is microcoded there (numpy/x86-simd-sort, issue 6). NumPy
can be told only before it is imported, and only by the environment.
"""

import os
import re
import sys
import warnings
from importlib.util import find_spec
from pathlib import Path

_VARIABLE = "NPY_DISABLE_CPU_FEATURES"
_CPU = Path("/proc/cpuinfo")
_ZEN4 = re.compile(
    r"vendor_id\s*: AuthenticAMD\s.*?cpu family\s*: 25\s.*?flags\s*:[^\n]* avx512",
    re.DOTALL,
)
# NumPy 2.4 bundled its features into levels.
_LEVELS = "X86_V4 AVX512_ICL AVX512_SPR"
_FEATURES = "AVX512_SKX AVX512_CLX AVX512_CNL AVX512_ICL"


def choose() -> None:
    """Load NumPy without AVX-512 on Zen 4, unless it is loaded or told already."""
    if "numpy" in sys.modules or _VARIABLE in os.environ or not is_zen4():
        return
    features = _features()
    if not features:
        return
    os.environ[_VARIABLE] = features
    try:
        with warnings.catch_warnings():  # a later NumPy may have renamed them
            warnings.simplefilter("ignore", ImportWarning)
            import numpy  # noqa: F401, ICN001, PLC0415 (while the variable is set)
    finally:
        del os.environ[_VARIABLE]  # what we start decides for itself


def _features() -> str:
    """Return what to switch off; "" unless NumPy is a wheel of its makers.

    One that was compiled for this very machine refuses to do without AVX-512. Read from
    its files: `importlib.metadata` takes far longer.
    """
    spec = find_spec("numpy")
    folder = Path(spec.origin or "").parent if spec else Path()
    if not folder.with_name("numpy.libs").is_dir():
        return ""
    told = (folder / "version.py").read_text(encoding="utf-8")
    found = re.search(r'version = "(\d+)\.(\d+)', told)
    version = (int(found[1]), int(found[2])) if found else (0, 0)
    return _LEVELS if version >= (2, 4) else _FEATURES


def is_zen4(about: str | None = None) -> bool:
    """Return whether this processor is a Zen 4.

    Args:
        about: what Linux says of it; read if None.

    >>> is_zen4("vendor_id : GenuineIntel")
    False
    """
    try:
        told = _CPU.read_text(encoding="ascii") if about is None else about
    except (OSError, UnicodeDecodeError):
        return False
    return _ZEN4.search(told.split("\n\n")[0]) is not None
