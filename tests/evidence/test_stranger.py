"""A packet checked by somebody who has none of our software, as its own note tells."""

import json
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from bot import evidence
from bot.evidence.reading import reading
from bot.evidence.shelf import Folder
from bot.store import Store
from tests.evidence.conftest import KEY, anchored, write

# HOW-TO-VERIFY.txt, steps 1 to 5, in a language that comes with nothing of ours.
STRANGER = r"""
import base64, hashlib, json, subprocess, sys
from pathlib import Path

packet, heads = Path(sys.argv[1]), Path(sys.argv[2])
sha = lambda content: hashlib.sha256(content).digest()

listed = json.loads((packet / "manifest.json").read_bytes())["files"]
for name, told in listed.items():
    said = subprocess.run(["sha256sum", name], cwd=packet, capture_output=True, text=True)
    assert said.stdout.split()[0] == told["sha256"], f"1: {name}"

def signed(content, signature, where):
    (packet / "x.sig").write_bytes(signature)
    (packet / "x.bin").write_bytes(content)
    run = ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", "key.pem", "-rawin"]
    run += ["-in", "x.bin", "-sigfile", "x.sig"]
    done = subprocess.run(run, cwd=packet, capture_output=True, text=True)
    assert done.returncode == 0, f"{where}: {done.stdout}{done.stderr}"

hexed = (packet / "manifest.sig").read_text()
signed((packet / "manifest.json").read_bytes(), bytes.fromhex(hexed), "2")

proof = json.loads((packet / "proof.json").read_bytes())
head = proof["head"]
for each in proof["records"]:
    node = sha(b"\0" + each["record"].encode())
    p, last = each["position"], head["size"] - 1
    for h in map(bytes.fromhex, each["path"]):
        if p % 2 or p == last:
            node = sha(b"\1" + h + node)
            while p % 2 == 0 and p:
                p, last = p // 2, last // 2
        else:
            node = sha(b"\1" + node + h)
        p, last = p // 2, last // 2
    assert node.hex() == head["root"], f"3: {each['record'][:40]}"

lines = ["watchkeeper log v2", head["size"], head["root"], head["at"]]
signed("".join(f"{line}\n" for line in lines).encode(), bytes.fromhex(head["signature"]), "4")

outside = [h for f in heads.glob("heads/*.json") for h in json.loads(f.read_bytes())["heads"]]
assert {h["root"] for h in outside if h["size"] == head["size"]} == {head["root"]}, "5"
print(len(listed), len(proof["records"]))
"""


@pytest.fixture
async def place(tmp_path: Path, url: str) -> Path:
    """A packet unpacked with a tool, in one folder; the anchored heads in another."""
    store = Store.open(url)
    await write(store, 43)
    await anchored(store, tmp_path / "anchors")
    store.close()
    with reading(url) as db:
        sealed = evidence.read(db, ["A-1"])
    objects = await evidence.objects(Folder(tmp_path / "anchors"), sealed)
    file = tmp_path / "A-1.zip"
    file.write_bytes(evidence.of_incident(sealed, objects, KEY))
    zipfile.ZipFile(file).extractall(tmp_path / "packet")
    return tmp_path


def check(place: Path) -> subprocess.CompletedProcess[str]:
    words = [sys.executable, "-I", "-c", STRANGER]
    places = [str(place / "packet"), str(place / "anchors")]
    return subprocess.run(  # noqa: S603 the text above
        [*words, *places], capture_output=True, text=True, check=False, timeout=60
    )


@pytest.mark.skipif(
    not (shutil.which("openssl") and shutil.which("sha256sum")),
    reason="a machine without openssl and sha256sum",
)
def test_the_note_is_enough(place: Path) -> None:
    told = check(place)
    assert 0 == told.returncode, told.stderr
    files, records = map(int, told.stdout.split())
    assert (True, 21) == (files > 6, records)

    [heads, *_] = sorted((place / "anchors" / "heads").glob("*.json"))
    document = json.loads(heads.read_bytes())
    forged = [{**head, "root": "00" * 32} for head in document["heads"]]
    edits = {
        "1: alerts.csv": (place / "packet/alerts.csv", b"all is well"),
        "2: ": (place / "packet/manifest.json", b" "),
        "5": (heads, json.dumps({**document, "heads": forged}).encode()),
    }
    for step, (path, changed) in edits.items():
        before = path.read_bytes()
        path.write_bytes(before + changed if step != "5" else changed)
        told = check(place)
        path.write_bytes(before)
        assert (1, True) == (told.returncode, f"AssertionError: {step}" in told.stderr)
