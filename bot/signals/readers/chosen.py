"""Some columns and rows of a frame, some columns read as another type."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bot.signals.columns import spark_type
from bot.signals.readers.unify import cast

if TYPE_CHECKING:
    import pyarrow as pa

    from bot.signals.columns import Frame


@dataclass(frozen=True, slots=True)
class Chosen:
    """`names` of `whole`; `kinds` are MLTable's: string, float, int, boolean."""

    whole: "Frame"
    names: tuple[str, ...]
    findings: tuple[str, ...] = ()
    kinds: Mapping[str, str] = field(default_factory=dict)
    span: tuple[int, int | None] = (0, None)  # rows: from, and before which

    @property
    def rows(self) -> int:
        return len(range(self.whole.rows)[slice(*self.span)])

    def kind(self, name: str) -> str:
        if name not in self.kinds:
            return self.whole.kind(name)
        return spark_type(_type(self.kinds[name]))

    def column(self, name: str) -> "pa.ChunkedArray":
        """Return the column; null where its value is none of the wanted type."""
        column = self.whole.column(name)
        if self.span != (0, None):
            column = column.slice(self.span[0], self.rows)
        return column if name not in self.kinds else _as(column, self.kinds[name])


def _type(kind: str) -> "pa.DataType":
    import pyarrow as pa  # noqa: PLC0415

    known = {"string": pa.string(), "float": pa.float64(), "int": pa.int64()}
    return known.get(kind, pa.bool_())


def _as(column: "pa.ChunkedArray", kind: str) -> "pa.ChunkedArray":
    import pyarrow as pa  # noqa: PLC0415
    import pyarrow.compute as pc  # noqa: PLC0415

    wanted = _type(kind)
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if not pa.types.is_string(column.type) or kind == "string":
        return cast(column, wanted)
    shaped = _SHAPES[kind]
    fits = pc.match_substring_regex(column, shaped)
    return cast(pc.if_else(fits, column, pa.scalar(None, column.type)), wanted)


_SHAPES = {
    "int": r"^-?[0-9]{1,18}$",
    "float": r"^[-+]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][-+]?[0-9]+)?$",
    "boolean": r"^(?i:true|false|0|1)$",
}
