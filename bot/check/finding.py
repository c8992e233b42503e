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


def exit_code(findings: list[Finding]) -> int:
    """Return 0 when all is well, 1 for what should be looked at, 2 for a failure."""
    levels = {finding.level for finding in findings}
    return 2 if "fail" in levels else int("look" in levels)
