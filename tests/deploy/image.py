"""The steps of a Dockerfile, run as a script in a clean folder: no engine is needed.

It proves what the steps do on this machine's Python, not what the base image holds.
Known: FROM, COPY (also --from), RUN, WORKDIR, ENV, USER, HEALTHCHECK, ENTRYPOINT, CMD.
"""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from tests.children import inherited

_INSIDE = ("/opt/watchkeeper", "/var/lib/watchkeeper", "/src", "/page")


@dataclass
class Stage:
    """What one FROM … begins; the steps are pairs of an instruction and its text."""

    name: str
    base: str
    steps: list[tuple[str, str]] = field(default_factory=list)

    def last(self, instruction: str) -> str:
        return next(text for word, text in reversed(self.steps) if word == instruction)


def stages(text: str) -> list[Stage]:
    """Return the stages in the order of the file."""
    joined = re.sub(r"\\\n", " ", re.sub(r"(?m)^#.*\n", "", text))
    found: list[Stage] = []
    for line in filter(None, map(str.strip, joined.splitlines())):
        word, _, rest = line.partition(" ")
        if word == "FROM":
            base, _, name = rest.partition(" AS ")
            found.append(Stage(name, base))
        elif found:
            found[-1].steps.append((word, re.sub(r"\s+", " ", rest)))
    return found


class Image:
    """A folder that stands for the image's root; `context` is what COPY copies from."""

    def __init__(self, root: Path, context: Path) -> None:
        self.root, self._context = root, context
        programs = root / "usr" / "bin"  # the base image's `python` is this one
        programs.mkdir(parents=True)
        (programs / "python").symlink_to(Path(sys.executable).resolve())
        self.environment = {"PATH": f"{programs}:{os.environ['PATH']}"}
        self._folder = root

    def path(self, text: str) -> Path:
        return self.root / text.lstrip("/")

    def moved(self, text: str) -> str:
        """Return `text` with the image's own paths below `root`."""
        for known in _INSIDE:
            text = re.sub(rf"(?<![\w.-]){known}\b", str(self.path(known)), text)
        return text

    def run(self, stage: Stage) -> None:
        self._folder = self.root
        for word, text in stage.steps:
            step = getattr(self, f"_{word.lower()}", None)
            if step is not None:
                step(text)

    def _workdir(self, text: str) -> None:
        self._folder = self.path(text)
        self._folder.mkdir(parents=True, exist_ok=True)

    def _env(self, text: str) -> None:
        for pair in shlex.split(text):
            name, _, value = pair.partition("=")
            value = value.replace("$PATH", self.environment["PATH"])
            self.environment[name] = self.moved(value)

    def _copy(self, text: str) -> None:
        if text.startswith("--from="):
            return  # the stages share one root here
        *sources, target = text.split()
        for source in map(self._context.__truediv__, sources):
            place = self.path(target)
            if source.is_dir():
                shutil.copytree(
                    source, place, ignore=shutil.ignore_patterns("__pycache__")
                )
            else:
                place.mkdir(parents=True, exist_ok=True)
                shutil.copy(source, place)

    def _run(self, text: str) -> None:
        command = self.moved(text).replace("chown", "true chown")
        keep = inherited()
        subprocess.run(
            ["/bin/sh", "-ec", command],
            cwd=self._folder,
            env=keep | self.environment,
            check=True,
        )


def command(text: str) -> list[str]:
    """Return the words of an ENTRYPOINT, CMD or `HEALTHCHECK … CMD [...]`."""
    return list(json.loads(text[text.index("[") :]))
