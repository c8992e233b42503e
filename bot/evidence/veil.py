"""Rare categories in stored profiles: counted under a keyed code, never by their names.

What few rows have can point at a person, and an hour has few rows. Codes of one key are
equal, so slices still merge and compare exactly; where enough rows of some slice had a
value, its name is known again.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from bot.signals.sketch import CategoryProfile, Profile, TableProfile, of_categories

_MARK = "\ue000"  # of a private use area: no text that people write begins so
_LENGTH = 12  # bytes


def hidden(label: str) -> bool:
    """Return whether a label is a code for a name that is not told."""
    return label.startswith(_MARK)


@dataclass(frozen=True, slots=True)
class Veil:
    key: bytes  # secret; at most 64 bytes
    least: int  # rows of a slice before a category has a name in it

    def over(self, table: TableProfile) -> TableProfile:
        """Return the profile as it may be stored."""
        return _each(table, self._over)

    def _over(self, name: str, one: CategoryProfile) -> CategoryProfile:
        counts = {self.told(name, label, n): n for label, n in one.counts.items()}
        return of_categories(counts, one.rows, one.missing, one.other)

    def told(self, column: str, label: str, rows: int) -> str:
        """Return how a value that so many rows of a slice have is stored."""
        plain = rows >= self.least or hidden(label)
        return label if plain else self.code(column, label)

    def code(self, column: str, label: str) -> str:
        text = f"{column}\0{label}".encode("utf-8", "surrogatepass")
        code = hashlib.blake2b(text, key=self.key, digest_size=_LENGTH)
        return _MARK + code.hexdigest()

    def lifted(self, tables: Sequence[TableProfile]) -> tuple[TableProfile, ...]:
        """Return the profiles with every name that any of them tells, in all of them."""
        names: dict[str, dict[str, str]] = {}
        for table in tables:
            for column, one in table.columns.items():
                if isinstance(one, CategoryProfile):
                    known = names.setdefault(column, {})
                    known.update(
                        (label, "") for label in one.counts if not hidden(label)
                    )
        for column, known in names.items():
            names[column] = {self.code(column, label): label for label in known}
        return tuple(_each(table, _Names(names)) for table in tables)


@dataclass(frozen=True, slots=True)
class _Names:
    """Gives codes their names back."""

    names: Mapping[str, Mapping[str, str]]  # by column, by code

    def __call__(self, column: str, one: CategoryProfile) -> CategoryProfile:
        known, counts = self.names.get(column, {}), dict[str, int]()
        for label, n in one.counts.items():
            name = known.get(label, label) if hidden(label) else label
            counts[name] = counts.get(name, 0) + n
        return of_categories(counts, one.rows, one.missing, one.other)


def _each(
    table: TableProfile, change: Callable[[str, CategoryProfile], CategoryProfile]
) -> TableProfile:
    made: dict[str, Profile] = {
        name: change(name, one) if isinstance(one, CategoryProfile) else one
        for name, one in table.columns.items()
    }
    return replace(table, columns=made)
