"""Reading settings and the watch list; every mistake is told at once, a line for each."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from bot import addresses, strict_yaml
from bot.settings.model import Settings
from bot.settings.safe import problems
from bot.watch import WatchList

PREFIX = "WATCHKEEPER_"
Read = TypeVar("Read", bound=BaseModel)


class Misconfigured(Exception):
    """The process must not start; one line for each thing to mend."""


def load(
    environment: dict[str, str] | None = None, *, talks: bool | None = None
) -> tuple[Settings, WatchList]:
    """Return settings and watch list. Raises Misconfigured, a line for each mistake.

    Args:
        environment: variables; those of this process if None.
        talks: what `Settings.problems` is asked; None: it is not.
    """
    given = dict(os.environ if environment is None else environment)
    values: dict[str, Any] = {
        name.removeprefix(PREFIX).lower(): value
        for name, value in given.items()
        if name.startswith(PREFIX)
    }
    path = Path(values.get("watch_file", "watchkeeper.yaml"))
    wrong: list[str] = []
    document = _yaml(path, wrong) if path.name.strip() else None
    named = _named(document, path, wrong)
    in_file = {
        name: f"{path}: settings.{name}" for name in named.keys() - values.keys()
    }
    settings = _read(
        Settings,
        {**named, **values},
        lambda name: in_file.get(name, f"{PREFIX}{name.upper()}"),
        wrong,
    )
    watch = (
        None if document is None else _read(WatchList, document, _within(path), wrong)
    )
    if settings is not None:
        if talks is not None:
            wrong += problems(settings, talks=talks)
            wrong += _folders(settings)
        if watch and settings.tenant_id.lower() not in ("", watch.tenant):
            wrong.append(f"TENANT_ID is not the tenant that {path} names")
    if wrong or settings is None or watch is None:
        raise Misconfigured("\n".join(wrong))
    return settings, watch


def read_watch(path: Path) -> WatchList:
    """Return the watch list in a file alone. Raises Misconfigured."""
    wrong: list[str] = []
    document = _yaml(path, wrong)
    if document is not None:
        document.pop("settings", None)
        watch = _read(WatchList, document, _within(path), wrong)
        if watch is not None:
            return watch
    raise Misconfigured("\n".join(wrong))


def _yaml(path: Path, wrong: list[str]) -> dict[str, Any] | None:
    try:
        return strict_yaml.read(path)
    except strict_yaml.NotYaml as error:
        wrong.append(str(error))
        return None


def _named(
    document: dict[str, Any] | None, path: Path, wrong: list[str]
) -> dict[str, Any]:
    """Take the settings out of the document."""
    found = (document or {}).pop("settings", {})
    if not isinstance(found, dict):
        wrong.append(f"{path}: settings must be names with values")
        return {}
    named = {str(name).lower(): value for name, value in found.items()}
    if "watch_file" in named:  # would be believed by nobody
        wrong.append(f"{path}: watch_file is a variable alone: this is the file")
        del named["watch_file"]
    return named


def _folders(settings: Settings) -> list[str]:
    """Return which folder to keep things in is none, and could not be made either.

    Found out at the first alert, its evidence would be gone.
    """
    named = {"EVIDENCE_URL": [settings.evidence_url]}
    named["ANCHOR_URL"] = addresses.places(settings.anchor_url)
    return [
        f"{name}: {there} is no folder"
        for name, given in named.items()
        for place in given
        if "://" not in place and not place.startswith("git+")
        for there in (Path(place), *Path(place).absolute().parents)
        if there.exists() and not there.is_dir()
    ]


def _within(path: Path) -> Callable[[str], str]:
    return lambda name: f"{path}: {name}"


def _read(
    kind: type[Read],
    values: dict[str, Any],
    called: Callable[[str], str],
    wrong: list[str],
) -> Read | None:
    """Return `values` as a `kind`, or None, and then what is wrong with them.

    `called` returns where a value stands, by its name: the place to mend it.
    """
    try:
        return kind.model_validate(values)
    except ValidationError as error:
        for each in error.errors():
            name = ".".join(str(part) for part in each["loc"]) or "the file"
            wrong += [f"{called(name)}: {line}" for line in _mend(each)]
        return None


def _mend(error: Any) -> Iterator[str]:
    if error["type"] == "extra_forbidden":
        yield "there is no such setting"
    else:
        yield from str(error["msg"]).removeprefix("Value error, ").splitlines()
