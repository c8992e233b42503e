"""What a check found, and how serious it is."""

from dataclasses import asdict, dataclass
from typing import Literal, TypeAlias

Level: TypeAlias = Literal["ok", "look", "fail"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One line. `todo` says what to do, "" when nothing is."""

    level: Level
    about: str
    text: str
    todo: str = ""

    def row(self) -> dict[str, str]:
        return {k: str(v) for k, v in asdict(self).items()}


def counted(number: int, noun: str) -> str:
    """Return "1 key", "2 keys", "no keys".

    >>> [counted(number, "key") for number in (0, 1, 2)]
    ['no keys', '1 key', '2 keys']
    """
    return f"{number or 'no'} {noun}{'' if number == 1 else 's'}"


def exit_code(findings: list[Finding]) -> int:
    """Return 0 when all is well, 1 for what should be looked at, 2 for a failure."""
    levels = {finding.level for finding in findings}
    return 2 if "fail" in levels else int("look" in levels)
