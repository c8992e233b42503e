"""A Bicep file as pycep reads it."""

from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from lark.exceptions import LarkError
from pycep import BicepParser

_PARSER = BicepParser(cache=False)


@dataclass
class File:
    """One file: its document as pycep reads it, and what was found wrong."""

    path: Path
    document: dict[str, Any]
    wrong: list[str] = field(default_factory=list)

    @property
    def parameters(self) -> dict[str, Any]:
        return dict(self.document.get("parameters", {}))

    @property
    def target(self) -> str:
        """What it is deployed to: resourceGroup, subscription, …"""
        return str(self.document["globals"]["scope"]["value"])

    @property
    def outputs(self) -> dict[str, str]:
        found = self.document.get("outputs", {})
        return {name: str(each["type"]) for name, each in found.items()}


def read(path: Path) -> File:
    """Return the file; one that cannot be read has that as its only finding."""
    if not path.is_file():
        return File(path, {}, [f"{path.name} is not there"])
    try:
        return File(path, parse(path.read_text("utf-8")))
    except LarkError as error:
        why = " ".join(str(error).split())[:120]
        return File(path, {}, [f"{path.name}: cannot be read: {why}"])


@lru_cache(maxsize=64)
def parse(text: str) -> dict[str, Any]:
    return dict(_PARSER.parse(text=text))
