"""Which processors are told to sort another way."""

import subprocess
import sys

import pytest

from bot.signals.fast_sort import is_zen4

_TOLD = "processor\t: 0\nvendor_id\t: {}\ncpu family\t: {}\nflags\t\t: fpu avx2{}\n\n"


@pytest.mark.parametrize(
    ("vendor", "family", "flags", "expected"),
    [
        ("AuthenticAMD", 25, " avx512f", True),
        ("AuthenticAMD", 25, "", False),  # Zen 3: no AVX-512 to go wrong
        ("AuthenticAMD", 26, " avx512f", False),  # Zen 5 has repaired it
        ("GenuineIntel", 6, " avx512f", False),
    ],
)
def test_only_zen_4_is_told(
    vendor: str, family: int, flags: str, *, expected: bool
) -> None:
    assert expected == is_zen4(_TOLD.format(vendor, family, flags))


def test_the_environment_is_left_as_it_was() -> None:
    """
    What we start (a job, a query) must not inherit our choice; nor may NumPy complain.
    """
    code = (
        "import os; before = dict(os.environ)\n"
        "import bot.signals, sys\n"
        "assert 'numpy' in sys.modules and before == dict(os.environ)"
    )
    command = [sys.executable, "-W", "error", "-c", code]
    done = subprocess.run(command, capture_output=True, check=False)  # noqa: S603

    assert (0, b"") == (done.returncode, done.stderr)
