"""Stored profiles, each under its own digest, and series of days that name them.

A profile is never changed: its name is the SHA-256 of its bytes, so what a report was
made from can be found again, and damage shows. A series is a file of lines that only
grows: a day that is profiled again names the newer profile.
"""

import json
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from tempfile import NamedTemporaryFile

from bot.signals.sketch import TableProfile, from_bytes, merge

_DIGEST = re.compile(r"[0-9a-f]{64}")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_WEEKS = 4


def same_weekday(day: date, weeks: int = _WEEKS) -> tuple[date, ...]:
    """Return this weekday in the weeks before `day`, the latest first.

    Sundays differ from Mondays: what is compared has to have the same habits.

    >>> [str(d) for d in same_weekday(date(2026, 11, 23), 2)]
    ['2026-11-16', '2026-11-09']
    """
    return tuple(day - timedelta(weeks=n) for n in range(1, weeks + 1))


@dataclass(frozen=True, slots=True)
class Shelf:
    """A folder of profiles. Two processes may use it at once."""

    folder: Path

    def keep(self, profile: TableProfile) -> str:
        """Store a profile, if it is not there yet, and return its digest."""
        digest = profile.digest
        path = self._path(digest)
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            with NamedTemporaryFile(dir=path.parent, delete=False) as file:
                file.write(profile.to_bytes())
                file.flush()
                os.fsync(file.fileno())
            Path(file.name).replace(path)  # a reader sees all of it, or nothing
        return digest

    def read(self, digest: str) -> TableProfile:
        """Return a stored profile.

        Raises:
            ValueError: there is none of this digest, or its bytes are not the same.
        """
        if not _DIGEST.fullmatch(digest):
            raise ValueError(f"{digest!r} is not a digest: 64 hexadecimal digits")
        try:
            profile = from_bytes(self._path(digest).read_bytes())
        except FileNotFoundError:
            raise ValueError(f"no profile {digest[:12]}… in {self.folder}") from None
        if profile.digest != digest:
            raise ValueError(f"the profile {digest[:12]}… is damaged")
        return profile

    def _path(self, digest: str) -> Path:
        return self.folder / digest[:2] / f"{digest}.profile"

    def note(self, series: str, day: date, digest: str) -> None:
        """Add a day to a series, in one write."""
        path = self._series(series)
        path.parent.mkdir(parents=True, exist_ok=True)
        line = json.dumps({"day": day.isoformat(), "profile": digest})
        with path.open("ab") as file:
            file.write(f"\n{line}\n".encode())  # the line before may be torn

    def days(self, series: str) -> Mapping[date, str]:
        """Return the digest of each day of a series; a torn last line is passed over."""
        found: dict[date, str] = {}
        path = self._series(series)
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else ()
        for line in lines:
            try:
                told = json.loads(line)
                found[date.fromisoformat(told["day"])] = str(told["profile"])
            except (ValueError, KeyError, TypeError):
                continue
        return found

    def window(self, series: str, days: Iterable[date]) -> TableProfile:
        """Return one profile of all these days; days without one are left out.

        Raises:
            ValueError: not one of them is there.
        """
        known = self.days(series)
        wanted = [known[day] for day in days if day in known]
        if not wanted:
            raise ValueError(f"the series {series} has none of these days")
        return merge([self.read(digest) for digest in wanted])

    def _series(self, name: str) -> Path:
        if not _NAME.fullmatch(name):
            raise ValueError(f"no series can be called {name!r}")
        return self.folder / "series" / f"{name}.jsonl"
