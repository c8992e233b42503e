"""Run the image's steps in a clean folder, then the service as nobody. Takes minutes.

python -m tests.bench.image

As root, with a Python that every user may run: `PYTHONPATH=. /usr/bin/python3
tests/bench/image.py` where the usual one lies in somebody's home.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from tests.children import inherited
from tests.deploy import image
from tests.ports import free_port

ROOT = Path(__file__).parents[2]
NOBODY = 10001


def main() -> None:
    """Print what was proved; an assertion ends it otherwise."""
    python = Path(sys.executable).resolve()
    if closed := [str(p) for p in python.parents if not p.stat().st_mode & 0o001]:
        raise SystemExit(f"{closed[0]} is closed to others: nobody could run {python}")
    folder = Path(tempfile.mkdtemp(prefix="image-"))
    try:
        folder.chmod(0o755)
        _prove(folder)
    finally:
        shutil.rmtree(folder)


def _prove(folder: Path) -> None:
    stages = {s.name: s for s in image.stages((ROOT / "deploy/Dockerfile").read_text())}
    built = image.Image(folder / "root", ROOT)
    begun = time.monotonic()
    built.run(stages["build"])
    shutil.rmtree(built.path("/src"))  # the service's stage has no sources
    built.run(stages["service"])
    print(f"steps: {time.monotonic() - begun:.0f} s, {_size(folder):.0f} MB")
    state = built.path("/var/lib/watchkeeper")
    watch = folder / "watchkeeper.yaml"
    shutil.copy(ROOT / "deploy" / "watchkeeper.yaml", watch)
    port = free_port()
    environment = {
        **inherited(),
        **built.environment,
        "WATCHKEEPER_WATCH_FILE": str(watch),
        "WATCHKEEPER_PORT": str(port),
        "WATCHKEEPER_BOT_APP_ID": "00000000-0000-0000-0000-000000000009",
        "WATCHKEEPER_ALERT_AUDIENCE": "00000000-0000-0000-0000-000000000008",
        "WATCHKEEPER_LOG_FORMAT": "json",
        "IDENTITY_ENDPOINT": "http://127.0.0.1:9/",  # nobody: no identity is looked for
        "IDENTITY_HEADER": "none",
    }
    service = stages["service"]
    words = [
        *image.command(service.last("ENTRYPOINT")),
        *image.command(service.last("CMD")),
    ]
    words[0] = str(built.path("/opt/watchkeeper/bin/watchkeeper"))
    os.chown(state, NOBODY, NOBODY)
    before = _files(folder, state)
    process = subprocess.Popen(
        words, cwd=state, env=environment, user=NOBODY, group=NOBODY, extra_groups=[],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    try:
        print(f"ready: {_ready(port):.1f} s after the start")
        health = image.command(service.last("HEALTHCHECK"))
        health = [word.replace("3978", str(port)) for word in health]
        subprocess.run(health, env=environment, check=True)
        print("health check: passed")
    finally:
        process.terminate()
        output, _ = process.communicate(timeout=40)
        print(output.decode()[-2000:])
    assert process.returncode == 0, output.decode()
    assert before == _files(folder, state), "it wrote outside of its folder"
    for line in output.decode().splitlines():
        json.loads(line)
    print("stopped: exit code 0, nothing written outside /var/lib/watchkeeper")


def _size(folder: Path) -> float:
    return sum(p.lstat().st_size for p in folder.rglob("*") if p.is_file()) / 1e6


def _files(folder: Path, state: Path) -> set[Path]:
    return {p for p in folder.rglob("*") if state not in p.parents}


def _ready(port: int) -> float:
    begun = time.monotonic()
    while time.monotonic() - begun < 60:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=2):
                return time.monotonic() - begun
        except OSError:
            time.sleep(0.1)
    raise AssertionError("the service did not become ready")


if __name__ == "__main__":
    main()
