"""What the data collector wrote of one request in several places, as one row."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from bot.signals.readers.files import Unreadable

if TYPE_CHECKING:
    import pyarrow as pa

    from bot.signals.columns import Frame

ROW_ID = "row_id"


@dataclass(frozen=True)
class Beside:
    """The rows of `first`, each with those columns of `others` that have its row id.

    The rows are put together by their ids alone; a column is read when it is asked for.
    """

    first: "Frame"
    others: Mapping[str, "Frame"]  # by the name of their collection
    row_ids: bool = False  # whether the ids are a column too

    @property
    def rows(self) -> int:
        return self.first.rows

    @property
    def names(self) -> tuple[str, ...]:
        own = (n for n in self.first.names if n != ROW_ID or self.row_ids)
        return (*own, *self._from)

    def kind(self, name: str) -> str:
        return (
            self.others[self._from[name]] if name in self._from else self.first
        ).kind(name)

    def column(self, name: str) -> "pa.ChunkedArray":
        """Return the column; null where the other collection lacks the row."""
        if name not in self._from:
            return self.first.column(name)
        other = self._from[name]
        return self.others[other].column(name).take(self._places[other])

    @property
    def findings(self) -> tuple[str, ...]:
        frames = (self.first, *self.others.values())
        said = [line for one in frames for line in getattr(one, "findings", ())]
        for name, places in self._places.items():
            if places.null_count:
                said.append(f"{places.null_count:,} rows have nothing in {name}")
            known = set(self.first.names) - {ROW_ID}
            twice = [n for n in self.others[name].names if n in known]
            said += [f"{n}: of {name}, left out: the inputs have it too" for n in twice]
        return tuple(dict.fromkeys(said))

    @cached_property
    def _from(self) -> dict[str, str]:
        """Return in which of the others a column is found: the first that has it."""
        found: dict[str, str] = {}
        for where, one in self.others.items():
            for name in one.names:
                if name not in self.first.names:
                    found.setdefault(name, where)
        return found

    @cached_property
    def _places(self) -> "dict[str, pa.Array]":
        import pyarrow.compute as pc  # noqa: PLC0415

        ids = self.first.column(ROW_ID)
        return {
            name: pc.index_in(
                ids, value_set=one.column(ROW_ID).combine_chunks()
            ).combine_chunks()
            for name, one in self.others.items()
        }


def beside(frames: Mapping[str, "Frame"], *, row_ids: bool) -> "Frame":
    """Return collections of the same requests as one table, the inputs first.

    Raises:
        Unreadable: none of them holds a row.
    """
    filled: Sequence[str] = [n for n, one in frames.items() if ROW_ID in one.names]
    if not filled:
        raise Unreadable(f"{', '.join(frames)}: no record is there")
    first = "model_inputs" if "model_inputs" in filled else filled[0]
    others = {name: frames[name] for name in filled if name != first}
    return Beside(frames[first], others, row_ids)
