"""The model pack: what a risk officer reads, and what an auditor can check of it."""

import csv
import io
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from bot import evidence
from bot.__main__ import application
from bot.approval.oversight import EndpointLocked
from bot.evidence import plans
from bot.evidence.inspect import inspect
from bot.evidence.listing import of_model
from bot.evidence.mapping import RULES
from bot.evidence.model import PARTS
from bot.evidence.page import document as laid_out
from bot.evidence.reading import reading
from bot.evidence.sections import Section
from bot.evidence.shelf import Folder
from bot.evidence.zipped import BadPacket, pack, unpack
from bot.period import period
from bot.store import Store
from tests.evidence.conftest import KEY
from tests.evidence.matter import PRIYA, monitor, months
from tests.incidents import ENDPOINT

START = datetime(2026, 7, 1, tzinfo=UTC)
SPAN = (START, START + timedelta(days=30))
DAY = timedelta(days=1)
DUE = START + timedelta(hours=3, minutes=15)


async def written(url: str, tmp_path: Path, count: int = 40) -> bytes:
    store = Store.open(url)
    await months(store, tmp_path / "evidence", count, START, 30)
    store.close()
    return await made(url, tmp_path)


async def made(url: str, tmp_path: Path) -> bytes:
    with reading(url) as db:
        sealed = evidence.read(db, of_model(db, ["loan-prescreening"], SPAN))
    objects = await evidence.objects(Folder(tmp_path / "evidence"), sealed, PARTS)
    return evidence.of_model(
        sealed, objects, KEY, model="loan-prescreening", period=SPAN
    )


@pytest.fixture
async def content(url: str, tmp_path: Path) -> bytes:
    return await written(url, tmp_path)


def document(content: bytes) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(unpack(content)["model.json"])
    return found


async def test_it_is_made_twice_with_the_same_bytes(
    url: str, content: bytes, tmp_path: Path
) -> None:
    assert content == await made(url, tmp_path)


def test_its_sections_say_what_happened(content: bytes) -> None:
    found = document(content)
    sections = {key: part["rows"] for key, part in found["sections"].items()}

    assert 40 == found["incidents"] == len(sections["breaches"])
    steps = {row["step"]: row for row in sections["levels"]}
    acknowledged = steps["acknowledge"]
    assert 40 == acknowledged["incidents"]
    assert acknowledged["met"] + acknowledged["missed"] == 40
    assert {"retrain"} <= {row["decision"] for row in sections["decisions"]}
    [rollback] = sections["rollbacks"]
    assert "read back" in rollback["outcome"]
    assert 64 == len(rollback["captured_sha256"]) or rollback["captured_sha256"]
    assert 40 == len(sections["gaps"])
    assert sections["open"]
    [plan] = sections["plan"]
    assert 30 == sum(plan[k] for k in ("ran", "failed", "missed", "not_known"))


def test_a_change_of_one_figure_is_found(content: bytes) -> None:
    """
    A pack signed by us may still not say what its own records do not.
    """
    files = unpack(content)
    files["model.json"] = files["model.json"].replace(b'"met": ', b'"met": 1', 1)
    with pytest.raises(BadPacket, match=r"model.json was changed"):
        inspect(pack(files), KEY.public_key(), [])
    inspect(content, KEY.public_key(), [])


def test_a_pack_that_we_signed_but_did_not_compute_is_found(content: bytes) -> None:
    from bot.evidence import bundle  # noqa: PLC0415
    from bot.evidence.shelf import digest  # noqa: PLC0415

    files = unpack(content)
    files["model.json"] = files["model.json"].replace(b'"met": ', b'"met": 1', 1)
    manifest = json.loads(files["manifest.json"])
    listed = manifest["files"]["model.json"]
    listed["sha256"] = digest(files["model.json"])
    listed["size"] = len(files["model.json"])
    files["manifest.json"] = bundle.text(manifest)
    files["manifest.sig"] = KEY.sign(files["manifest.json"]).hex().encode() + b"\n"

    with pytest.raises(BadPacket, match="not what the records say"):
        inspect(pack(files), KEY.public_key(), [])


def test_every_rule_points_to_a_section_that_exists(content: bytes) -> None:
    files = unpack(content)
    keys = set(document(content)["sections"]) | {"proof.json"}

    assert {key for _, _, named in RULES for key in named} <= keys
    assert "article 26(5)" in files["page.html"].decode()
    for name in files:
        if name.endswith(".csv"):
            text = files[name].decode("utf-8-sig")
            head, *rows = list(csv.reader(io.StringIO(text, newline="")))
            assert all(len(row) == len(head) for row in rows)


def test_a_run_that_did_not_happen_is_a_finding() -> None:
    seen = monitor(START + 29 * DAY + timedelta(hours=12), without=frozenset({3, 4}))
    [found] = plans.monitors([("e", START + 29 * DAY + timedelta(hours=12), seen)])
    told = dict(plans.slots(found, SPAN))

    missed = [at for at, slot in told.items() if slot == "missed"]
    assert [DUE + 25 * DAY, DUE + 26 * DAY] == missed
    assert "ran" == told[DUE + 29 * DAY]  # seen before its day was over


def test_a_run_that_starts_a_little_off_its_time_is_not_missed() -> None:
    """
    Periods that end now begin at any minute, also at the one at which the runs start.
    """
    at = START + 20 * DAY
    seen = monitor(at)
    for place, run in enumerate(seen["runs"]):
        begun = datetime.fromisoformat(run["started"])
        run["started"] = (begun + timedelta(minutes=(-3, 4)[place % 2])).isoformat()
    [found] = plans.monitors([("e", at, seen)])

    told = [slot for _, slot in plans.slots(found, (DUE, DUE + 15 * DAY))]
    assert ["ran"] * 15 == told


def test_what_nobody_looked_at_is_not_called_missed() -> None:
    """
    A monitor frozen once in a quarter says nothing of the weeks after it.
    """
    [found] = plans.monitors([("e", START + 2 * DAY, monitor(START + 2 * DAY))])
    told = [slot for _, slot in plans.slots(found, SPAN)]

    assert ["ran", "ran"] == told[:2]
    assert {"not known"} == set(told[3:])


looks = st.lists(
    st.tuples(st.integers(0, 60), st.frozensets(st.integers(0, 29), max_size=29)),
    min_size=1,
    max_size=6,
)


@given(looks, st.integers(1, 90))
def test_every_time_that_was_due_is_told_once(
    every: list[tuple[int, frozenset[int]]], days: int
) -> None:
    seen = [
        ("e", START + d * DAY, monitor(START + d * DAY, without=gone))
        for d, gone in every
    ]
    [found] = plans.monitors(seen)
    told = list(plans.slots(found, (START, START + days * DAY)))

    first = DUE if found.runs else START
    assert [first + n * DAY for n in range(days)] == [at for at, _ in told]
    latest = max(d for d, _ in every)
    ran = {first + n * DAY for n in range(days) if n >= latest}
    assert all(slot in ("ran", "not known") for at, slot in told if at in ran)


@pytest.mark.parametrize(
    ("text", "start", "days"),
    [
        ("90d", "2026-08-26", 90),
        ("2 weeks", "2026-11-10", 14),
        ("2026-Q3", "2026-07-01", 92),
        ("q1 2026", "2026-01-01", 90),
        ("2026-02", "2026-02-01", 28),
        ("2025", "2025-01-01", 365),
        ("2026-09-01 to 2026-09-30", "2026-09-01", 30),
        ("2026-09-01..2026-09-01", "2026-09-01", 1),
    ],
)
def test_periods_are_read_as_people_write_them(
    text: str, start: str, days: int
) -> None:
    now = datetime(2026, 11, 24, tzinfo=UTC)
    found = period(text, now)

    assert (start, days * DAY) == (found[0].date().isoformat(), found[1] - found[0])


@given(st.text(max_size=30))
def test_any_other_text_is_answered_in_words(text: str) -> None:
    now = datetime(2026, 11, 24, tzinfo=UTC)
    try:
        start, end = period(text, now)
    except ValueError as error:
        assert "period" in str(error).lower()  # noqa: PT017 either is fine
    else:
        assert start < end <= now


def test_from_the_command_line(url: str, content: bytes, tmp_path: Path) -> None:
    run, app = CliRunner().invoke, application()
    place = ["--state", str(tmp_path)]
    (tmp_path / "keys.json").write_text(
        json.dumps({"button": "00" * 32, "log": KEY.private_bytes_raw().hex()})
    )
    target = tmp_path / "pack.zip"
    model = ["evidence", "export", "--model", "loan-prescreening", *place]
    span = ["--from", "2026-07-01", "--to", "2026-07-30", "--output", str(target)]

    done = run(app, [*model, *span])
    assert 0 == done.exit_code, done.output
    assert content == target.read_bytes()
    checked = run(app, ["audit", "verify", str(target), *place])
    assert 0 == checked.exit_code, checked.output
    assert 2 == run(app, [*model, "--period", "yesterday"]).exit_code
    assert 2 == run(app, ["evidence", "export", *place]).exit_code
    other = ["evidence", "export", "--model", "other", "--period", "2026", *place]
    assert 2 == run(app, other).exit_code
    for kind, name in (("json", "model.json"), ("html", "page.html")):
        assert 0 == run(app, [*model, *span, "--format", kind]).exit_code
        assert unpack(content)[name] == target.read_bytes()
    alone = run(app, [*model, "--to", "2026-07-30"])
    both = run(app, [*model, *span, "--period", "30d"])
    assert (2, 2) == (alone.exit_code, both.exit_code)
    assert "--to needs --from" in alone.output


def test_a_quiet_quarter_has_a_pack_that_verifies(
    url: str, content: bytes, tmp_path: Path
) -> None:
    """
    An examiner asks for each quarter, also for the one in which nothing happened.
    """
    run, app = CliRunner().invoke, application()
    place = ["--state", str(tmp_path)]
    (tmp_path / "keys.json").write_text(
        json.dumps({"button": "00" * 32, "log": KEY.private_bytes_raw().hex()})
    )
    watched = {"endpoints": [{"id": ENDPOINT, "model": "loan"}]}
    (tmp_path / "watchkeeper.yaml").write_text(json.dumps(watched))
    target = tmp_path / "quiet.zip"
    export = ["evidence", "export", *place, "--period", "2025-Q1"]
    for name in ("loan", "loan-prescreening", ENDPOINT):
        done = run(app, [*export, "--model", name, "--output", str(target)])
        assert 0 == done.exit_code, done.output
        said = document(target.read_bytes())
        assert ([ENDPOINT], 0) == (said["endpoints"], said["incidents"])
        assert 0 == run(app, ["audit", "verify", str(target), *place]).exit_code
    assert b"None in this period." in unpack(target.read_bytes())["page.html"]
    other = run(app, [*export, "--model", "unheard-of"])
    assert (2, 1) == (other.exit_code, len(other.output.splitlines()))


async def test_a_lock_stands_in_the_pack_of_its_time_alone(
    url: str, content: bytes, tmp_path: Path
) -> None:
    store = Store.open(url)
    ledger = await store.ledger(ENDPOINT)
    for day, reason in ((-1, "too early"), (3, "audit"), (30, "too late")):
        lock = EndpointLocked(at=START + day * DAY, by=PRIYA, reason=reason)
        ledger = await store.append(ledger, [lock])
    store.close()
    rows = document(await made(url, tmp_path))["sections"]["locks"]["rows"]

    assert ["audit"] == [row["reason"] for row in rows]


def test_a_wide_table_fits_a_page_and_its_sheet_keeps_all() -> None:
    """
    Seventeen columns ran out of the paper; the CSV has each of them all the same.
    """
    names = ("incident", "opened_utc", "decide_minutes", "decide_result", "sha256")
    row = ("A-1", "2026-07-01T08:14:05+00:00", 12.5, "met", "ab" * 32)
    section = Section(
        key="x", title="X", columns=(*names, *"abcdef"), rows=((*row, *"abcdef"),)
    )
    html = laid_out("X", section.html())

    assert "<table class=wide>" in html
    assert "<th>decide, minutes<th>sha256" in html
    assert "<td>2026-07-01 08:14<td>12.5: met<td class=long>" in html
    assert b"2026-07-01T08:14:05+00:00,12.5,met," in section.sheet()
