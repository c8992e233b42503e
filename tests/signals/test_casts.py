"""What Spark reads in a text, asked of Spark itself: tests/fixtures/casts.json."""

import json
from pathlib import Path

import pytest

from bot.signals.casts import readable_as

ANSWERS: dict[str, list[str]] = json.loads(
    (Path(__file__).parent.parent / "fixtures" / "casts.json").read_text()
)
KINDS = (
    *("tinyint", "smallint", "int", "bigint", "float", "double"),
    *("boolean", "timestamp", "date"),
)


@pytest.mark.parametrize("kind", KINDS)
def test_text_is_read_as_spark_reads_it(kind: str) -> None:
    """
    A lone point is the whole number 0 to Spark, a digit of another script is none, and
    "10:00" is a moment of today; each such text is a type error more or less.
    """
    readable = readable_as(kind)

    assert {t for t, kinds in ANSWERS.items() if kind in kinds} == {
        text for text in ANSWERS if readable(text)
    }
