"""The parts that all cards are made of, on the typed models of microsoft-teams-cards.

Two kinds of text: `str` is ours and may hold Markdown and `{{DATE()}}`; what others
wrote comes as runs of `said`, which no client interprets.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from microsoft_teams.cards import (
    CardElement,
    Column,
    ColumnDefinition,
    ColumnSet,
    Container,
    Fact,
    FactSet,
    RichTextBlock,
    Table,
    TableCell,
    TableRow,
    TextBlock,
    TextRun,
)

from cards.words import clean, cut

Runs: TypeAlias = tuple[TextRun, ...]
Words: TypeAlias = str | Runs
Style: TypeAlias = Literal[
    "default", "emphasis", "accent", "good", "attention", "warning"
]
Color: TypeAlias = Literal["Default", "Accent", "Good", "Warning", "Attention"]
Spacing: TypeAlias = Literal["None", "Small", "Default", "Medium", "Large"]
Align: TypeAlias = Literal["Left", "Right"]

_COLORS: Final[dict[Style, Color]] = {
    "accent": "Accent",
    "good": "Good",
    "attention": "Attention",
    "warning": "Warning",
}


def said(text: str, limit: int = 200, *, bold: bool = False) -> TextRun:
    """Return foreign text, cleaned and cut to `limit` UTF-16 units."""
    return TextRun(text=clean(text, limit), weight="Bolder" if bold else None)


def quoted(text: str, limit: int = 400) -> TextRun:
    """Return what a person wrote, in quotation marks."""
    return TextRun(text=f"\u201c{clean(text, limit)}\u201d")


def runs(*parts: str | TextRun) -> Runs:
    """Return a line of our own words with foreign ones between them."""
    return tuple(TextRun(text=p) if isinstance(p, str) else p for p in parts)


def plain(words: Words) -> str:
    """Return the characters that are shown."""
    return words if isinstance(words, str) else "".join(r.text or "" for r in words)


def paragraph(
    words: Words,
    *,
    subtle: bool = False,
    small: bool = False,
    bold: bool = False,
    spacing: Spacing | None = None,
    align: Align | None = None,
) -> TextBlock | RichTextBlock:
    """Return one paragraph; foreign words make it a RichTextBlock."""
    size = "Small" if small else None
    weight = "Bolder" if bold else None
    if isinstance(words, str):
        return TextBlock(
            text=words,
            wrap=True,
            size=size,
            weight=weight,
            is_subtle=subtle or None,
            spacing=spacing,
            horizontal_alignment=align,
        )
    inlines: list[CardElement] = [
        r.model_copy(
            update={
                "size": size,
                "weight": weight or r.weight,
                "is_subtle": subtle or None,
            }
        )
        for r in words
    ]
    return RichTextBlock(inlines=inlines, spacing=spacing, horizontal_alignment=align)


def band(state: str, style: Style, middle: str, right: str) -> Container:
    """Return the coloured line on top: the state in words, what kind, which id."""
    color = _COLORS.get(style, "Default")
    return Container(
        style=style,
        bleed=True,
        items=[
            ColumnSet(
                columns=[
                    _column(
                        TextBlock(text=state, wrap=True, weight="Bolder", color=color),
                        "auto",
                    ),
                    _column(TextBlock(text=middle, wrap=True), "stretch"),
                    _column(
                        TextBlock(
                            text=right,
                            wrap=True,
                            is_subtle=True,
                            horizontal_alignment="Right",
                        ),
                        "auto",
                    ),
                ]
            )
        ],
    )


def _column(item: CardElement, width: str, style: Style | None = None) -> Column:
    return Column(width=width, items=[item], style=style)


def title(text: str) -> TextBlock:
    """Return the card's one sentence of a heading, in our own words."""
    return TextBlock(
        text=text,
        wrap=True,
        style="heading",
        size="Large",
        weight="Bolder",
        spacing="Medium",
    )


def statement(words: Words) -> RichTextBlock:
    """Return a title that others may have written, such as a refusal."""
    inlines: list[CardElement] = [
        TextRun(text=plain(words), size="Medium", weight="Bolder")
    ]
    return RichTextBlock(inlines=inlines, spacing="Medium")


def heading(words: Words) -> TextBlock | RichTextBlock:
    """Return the heading of a section."""
    return paragraph(words, bold=True, spacing="Large")


@dataclass(frozen=True, slots=True)
class Tile:
    """A key figure: at most 7 characters, its note at most 10, to fit a phone."""

    label: Words
    figure: str
    note: str
    color: Color = "Default"


def tiles(shown: Sequence[Tile]) -> list[CardElement]:
    """Return up to three figures side by side; nothing when there are none."""
    if not shown:
        return []
    columns = [
        Column(
            width="stretch",
            style="emphasis",
            items=[
                paragraph(t.label, subtle=True, small=True),
                TextBlock(
                    text=cut(t.figure, 7),
                    wrap=True,
                    size="Large",
                    weight="Bolder",
                    spacing="None",
                    color=None if t.color == "Default" else t.color,
                ),
                paragraph(cut(t.note, 10), subtle=True, small=True, spacing="None"),
            ],
        )
        for t in shown[:3]
    ]
    return [ColumnSet(columns=columns, spacing="Medium")]


Rows: TypeAlias = Sequence[tuple[Words, Words]]


def facts(
    rows: Rows, *, spacing: Spacing = "Medium", label_width: str = "112px"
) -> list[CardElement]:
    """Return label and value pairs: a FactSet, or columns when others wrote some."""
    if not rows:
        return []
    ours = [(k, v) for k, v in rows if isinstance(k, str) and isinstance(v, str)]
    if len(ours) == len(rows):
        shown = [Fact(title=k, value=v) for k, v in ours]
        return [FactSet(facts=shown, spacing=spacing)]
    return [
        ColumnSet(
            spacing=spacing if i == 0 else "None",
            columns=[
                _column(_label(_alike(label, value)), label_width),
                _column(paragraph(value), "stretch"),
            ],
        )
        for i, (label, value) in enumerate(rows)
    ]


def _label(words: Words) -> TextBlock | RichTextBlock:
    """Return a label; one word needs no leave to wrap, and a card has many of them."""
    shown = paragraph(words, subtle=True)
    if isinstance(shown, TextBlock) and " " not in plain(words):
        return shown.model_copy(update={"wrap": None})
    return shown


def _alike(label: Words, value: Words) -> Words:
    """Return a label drawn as its value is: the two blocks' line heights differ."""
    if isinstance(label, str) and not isinstance(value, str):
        return (TextRun(text=label),)
    return label


@dataclass(frozen=True, slots=True)
class Head:
    """A column of a table: its heading, its share of the width or pixels, its side."""

    text: str
    width: int | str = 1
    right: bool = False


def table(heads: Sequence[Head], rows: Iterable[Sequence[Words]]) -> Table:
    """Return a table; the last column, the new value, is bold where it is a figure."""
    top = [
        paragraph(h.text, subtle=True, small=True, bold=True, align=_side(h))
        for h in heads
    ]
    lines: list[list[TextBlock | RichTextBlock]] = [top]
    lines.extend(
        [
            paragraph(cell, align=_side(h), bold=h.right and h is heads[-1])
            for h, cell in zip(heads, row, strict=True)
        ]
        for row in rows
    )
    return Table(
        spacing="Small",
        show_grid_lines=False,
        columns=[
            ColumnDefinition(
                width=h.width, horizontal_cell_content_alignment=_side(h) or "Left"
            )
            for h in heads
        ],
        rows=[TableRow(cells=[TableCell(items=[c]) for c in line]) for line in lines],
    )


def _side(head: Head) -> Align | None:
    return "Right" if head.right else None


def box(style: Style, *paragraphs: Words) -> Container:
    """Return a coloured box, for what must not be overlooked."""
    return Container(
        style=style, spacing="Medium", items=[paragraph(p) for p in paragraphs]
    )


def gap(*parts: str | TextRun) -> Container:
    """Return a box that says what could not be had."""
    return box("warning", (TextRun(text="Missing: ", weight="Bolder"), *runs(*parts)))


def missing(parts: Iterable[tuple[str, str]]) -> list[CardElement]:
    """Return a box for each part that could not be had: what, and why."""
    return [
        gap(said(part, 60), ". ", said(f"{clean(why, 240).rstrip('.')}.", 241))
        for part, why in parts
    ]
