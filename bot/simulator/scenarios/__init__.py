"""Stories that the demo can tell, one module each; `none` is the world without a story.

A scenario fills an empty world, says what is watched in it, and may make something
happen by itself.
"""

from importlib import import_module
from pkgutil import iter_modules
from typing import cast

from bot.simulator.scenarios._scenario import Scenario

__all__ = ["Scenario", "names", "scenario"]


def names() -> tuple[str, ...]:
    """Return the scenarios there are, by name."""
    found = (m.name for m in iter_modules(__path__))
    return tuple(sorted(n for n in found if not n.startswith("_")))


def scenario(name: str) -> Scenario:
    """Return the scenario called `name`; KeyError when there is none."""
    if name not in names():
        raise KeyError(name)
    return cast("Scenario", import_module(f"{__name__}.{name}").SCENARIO)
