"""A monitor's data are read once; what was kept of them says the same as their rows."""

import asyncio
import gc
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bot.azure import AzureWorkspace
from bot.evidence.archive import Archive
from bot.evidence.profiles import Profiles
from bot.evidence.shelf import Folder, NotKept
from bot.ports import Impossible, Unavailable
from bot.signals import Report, to_json
from bot.signals.shelf import Shelf
from bot.simulator.azure.blobs import folder as blobs
from bot.simulator.scenarios import scenario
from bot.simulator.scenarios._workspace import (
    ACCOUNT,
    CONTAINER,
    PRODUCTION_PATH,
    REFERENCE_PATH,
)
from bot.simulator.world import World
from bot.store import Store
from bot.watch import Disclosure, Endpoint, SignalRule, WatchList
from bot.worker import drifted
from bot.worker.means import Means
from bot.worker.rows import compared
from cards import Links
from tests.azure.conftest import Sim

HOUR = timedelta(hours=1)
BEGUN = datetime.now(UTC).replace(minute=30, second=0, microsecond=0)
RULES = (SignalRule(metric="js", threshold=0.1), SignalRule(metric="nwd", threshold=9))


def rows(seed: int, count: int = 60, *, shift: float = 0.0) -> pa.Table:
    random = np.random.default_rng(seed)
    return pa.table(
        {
            "income": random.normal(50 + shift, 9, count).round(1),
            "visits": random.integers(0, 6, count),
            "amount": random.integers(0, 10**6, count),
            "city": random.choice(
                ["Oslo", "Rome", "Bonn", f"Nowhere {seed}"],
                count,
                p=(0.4, 0.4, 0.1, 0.1),
            ),
            "known": random.choice([True, False], count),
            "age": pa.array(
                [None if x < 30 else x for x in random.normal(43, 9, count)]
            ),
            "at": pa.array([BEGUN] * count, pa.timestamp("us", "UTC")),
            "ward": random.choice(["a", "b"], count),
        }
    )


@dataclass(kw_only=True)
class Place:
    """A container whose files a test writes, and who keeps watch over it."""

    container: Path
    sim: Sim
    means: Means
    endpoint: Endpoint

    def hour(self, at: datetime, table: pa.Table, name: str = "rows.parquet") -> None:
        place = self.container / PRODUCTION_PATH / f"{at:%Y/%m/%d/%H}"
        place.mkdir(parents=True, exist_ok=True)
        pq.write_table(table, place / name)

    def reference(self, table: pa.Table) -> None:
        (self.container / REFERENCE_PATH).mkdir(parents=True, exist_ok=True)
        pq.write_table(table, self.container / REFERENCE_PATH / "rows.parquet")

    async def judged(self) -> tuple[Report, int]:
        """Return the report and how many files were downloaded for it."""
        before = len(self._downloads())
        found, _, _ = await drifted.report(self.means, self.endpoint)
        return found, len(self._downloads()) - before

    async def by_rows(self) -> Report:
        assert self.means.workspace is not None
        windows = await self.means.workspace.windows(self.endpoint, self.means.clock())
        return (await compared(windows, self.endpoint))[0]

    def at(self, moment: datetime) -> None:
        self.means = replace(self.means, clock=lambda: moment)

    def _downloads(self) -> set[int]:
        seen = self.sim.seen("GET", ".parquet")
        return {i for i, one in enumerate(seen) if one["status"] < 400}


@pytest.fixture
def place(
    sim: Sim,
    world: World,
    workspace: AzureWorkspace,
    watched: Endpoint,
    tmp_path: Path,
) -> Iterator[Place]:
    world.put("azure", "blobs", {"folder": str(tmp_path / "blobs")})
    container = blobs(world) / ACCOUNT / CONTAINER
    store = Store.open(f"sqlite:///{tmp_path / 'store.db'}", role="serve")
    shelf = Folder(tmp_path / "shelf")
    means = Means(
        store=store,
        watch=WatchList.model_validate(scenario("loan").watch()),
        clock=lambda: BEGUN,
        random=Random(1),  # noqa: S311
        links=Links("http://127.0.0.1"),
        sign=lambda what, _revision: f"signed {what}",
        workspace=workspace,
        archive=Archive(shelf=shelf, heads=shelf, key=Ed25519PrivateKey.generate()),
    )
    plain = {"signals": RULES, "segments": (), "disclosure": Disclosure()}
    made = Place(
        container=container,
        sim=sim,
        means=means,
        endpoint=watched.model_copy(update=plain | {"predictions": ("known",)}),
    )
    made.reference(rows(1, 3_000))
    for back in range(12, 0, -1):
        made.hour(BEGUN - back * HOUR, rows(100 + back, shift=9.0 * (back <= 6)))
    yield made
    store.close()


def alike(one: Report, other: Report) -> None:
    """Assert that two reports say the same, the last digits apart."""
    assert one.verdict == other.verdict
    assert one.sentence == other.sentence
    assert set(one.dropped) == set(other.dropped)
    assert one.explained == other.explained
    assert one.production_window == other.production_window
    assert (one.reference_rows, one.production_rows) == (
        other.reference_rows,
        other.production_rows,
    )
    left, right = (
        {(r.feature, r.metric): r for r in report.results} for report in (one, other)
    )
    assert left.keys() == right.keys()
    for key, ours in left.items():
        theirs = right[key]
        assert ours.value == pytest.approx(theirs.value, abs=2e-3), key
        assert (ours.verdict, ours.data_type) == (theirs.verdict, theirs.data_type)
        if ours.verdict == "breached":
            assert ours.where == theirs.where, key


async def test_a_second_look_reads_no_row_again(place: Place) -> None:
    """
    The daily run has to cost a day, whatever the window's length.
    """
    first, read = await place.judged()
    again, nothing = await place.judged()
    place.hour(BEGUN, rows(7, shift=9.0))
    place.at(BEGUN + timedelta(minutes=5))
    later, one = await place.judged()

    assert (13, 0, 1) == (read, nothing, one)
    assert first == again
    assert "breached" == first.verdict
    assert 720 == first.production_rows
    assert 780 == later.production_rows
    began = BEGUN - 6 * HOUR
    assert f"income has been so since {began:%d %b %H}:00 UTC" in later.explained
    alike(later, await place.by_rows())


async def test_the_command_line_reads_what_the_service_keeps(place: Place) -> None:
    """
    Where a card's figure comes from can be looked at with nothing but the folder.
    """
    await place.judged()
    folder = place.container.parents[2] / "shelf" / "profiles"
    each = [Shelf(folder).read(path.stem) for path in folder.rglob("*.profile")]

    assert [60] * 12 + [3_000] == sorted(one.rows for one in each)


async def test_a_look_at_minutes_lets_go_of_no_hour(place: Place) -> None:
    """
    After a move an hour of the same deployment is looked at; the week stays known.
    """
    place.endpoint = place.endpoint.model_copy(update={"monitor": "loan-drift-daily"})
    await place.judged()
    place.at(BEGUN + timedelta(days=6))
    place.hour(BEGUN + timedelta(days=6) - HOUR, rows(5))
    since = BEGUN + timedelta(days=6) - HOUR
    await drifted.report(place.means, place.endpoint, deployment="blue", since=since)
    place.at(BEGUN)

    _, read = await place.judged()

    assert 0 == read


async def test_a_late_row_and_a_changed_file_are_read_anew(place: Place) -> None:
    """
    An hour is never taken for over: its files say by themselves whether they changed.
    """
    await place.judged()
    place.hour(BEGUN - 3 * HOUR, rows(55, 30), name="late.parquet")
    late, files = await place.judged()
    place.hour(BEGUN - 4 * HOUR, rows(56, 80))
    changed, file = await place.judged()

    assert (2, 750) == (files, late.production_rows)
    assert (1, 770) == (file, changed.production_rows)
    alike(changed, await place.by_rows())


async def test_the_day_before_yesterday_tells_since_when(place: Place) -> None:
    """
    A window of a day has lost the day on which the shift came.
    """
    for days in range(9):
        now = BEGUN + timedelta(days=days)
        for back in (3, 2, 1):
            table = rows(days * 9 + back, 400, shift=9.0 * (days > 4))
            place.hour(now - back * HOUR, table)
        place.at(now)
        found, _ = await place.judged()

    said = [words for words in found.explained if "since" in words]
    day = BEGUN - HOUR + timedelta(days=5)
    assert [f"income has been so since {day:%d %b %Y}"] == said


@pytest.mark.parametrize("damage", ["lost", "another"])
async def test_what_is_damaged_is_made_anew(place: Place, damage: str) -> None:
    first, _ = await place.judged()
    shelf = place.container.parents[2] / "shelf"
    for stored in shelf.rglob("*.profile"):
        if damage == "lost":
            stored.unlink()
        else:
            stored.write_bytes(b'{"profile": 1}\n')

    again, read = await place.judged()
    _, nothing = await place.judged()

    assert (13, 0) == (read, nothing)
    assert first == again


async def test_a_shelf_that_is_down_costs_the_rows_alone(place: Place) -> None:
    file = place.container / "no folder"
    file.write_bytes(b"")
    down = Folder(file)
    assert place.means.archive is not None
    archive = replace(place.means.archive, shelf=down)
    place.means = replace(place.means, archive=archive)

    found, read = await place.judged()

    assert 13 == read
    alike(found, await place.by_rows())


class Hanging(Folder):
    """A shelf that never answers."""

    asked = 0

    async def get(self, name: str) -> bytes | None:
        self.asked += 1
        await asyncio.Event().wait()
        raise AssertionError(name)


async def test_a_shelf_that_hangs_is_waited_for_once(tmp_path: Path) -> None:
    """
    Nobody waits for hour after hour to learn that there is no answer.
    """
    hanging = Hanging(tmp_path)
    profiles = Profiles(hanging, ("any",), patience_s=0.2)

    found = await profiles.find(
        [(f"2026-11-{day:02d}", "mark") for day in range(1, 31)]
    )

    assert [None] * 30 == found
    assert profiles.failed
    assert 16 == hanging.asked


@pytest.mark.filterwarnings("error")
async def test_who_is_told_to_stop_leaves_nothing_begun(tmp_path: Path) -> None:
    """
    More hours are asked for than are asked at once; a stop meets those that still wait.
    """
    hanging = Hanging(tmp_path)
    profiles = Profiles(hanging, ("any",))
    hours = [(f"2026-11-{day:02d}", "mark") for day in range(1, 31)]

    asking = asyncio.create_task(profiles.find(hours))
    while hanging.asked < 16:  # noqa: ASYNC110 the shelf never says more
        await asyncio.sleep(0)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    del asking
    gc.collect()  # what was begun and never awaited would be warned of here

    assert 16 == hanging.asked
    assert not profiles.failed


class Locked(Folder):
    """A shelf under a policy that lets nothing be deleted."""

    async def remove(self, name: str) -> bool:
        raise NotKept(f"{name} is under a policy")


async def test_a_locked_shelf_goes_on_to_keep(place: Place) -> None:
    """
    Evidence lies in a container whose policy is locked; its profiles cannot go either.
    """
    locked = Locked(place.container.parents[2] / "shelf")
    assert place.means.archive is not None
    archive = replace(place.means.archive, shelf=locked)
    place.means = replace(place.means, archive=archive)
    for count in (30, 40):
        place.hour(BEGUN - HOUR, rows(count, count))
        await place.judged()
        found, read = await place.judged()

        assert (0, 660 + count) == (read, found.production_rows)


async def test_nothing_is_kept_that_may_not_be_shown(place: Place) -> None:
    """
    A name that three people share in an hour is no name to keep for a year.
    """
    rule = Disclosure(protected=("AGE",))
    place.endpoint = place.endpoint.model_copy(update={"disclosure": rule})
    found, _ = await place.judged()
    shelf = place.container.parents[2] / "shelf"
    kept = [path.read_bytes() for path in shelf.rglob("*.profile")]

    assert 13 == len(kept)
    assert any(b"Oslo" in one for one in kept)
    assert not any(b"Nowhere 10" in one for one in kept)
    assert "\ue000" not in to_json(found)
    for one in kept:
        assert b"age" not in one
    assert "age" not in {r.feature for r in found.results}
    alike(found, await place.by_rows())


async def test_rules_of_another_kind_look_at_the_rows(place: Place) -> None:
    """
    What profiles do not keep is not left out.
    """
    types = SignalRule(metric="DataTypeErrorRate", threshold=0.1)
    more = {"signals": (*RULES, types), "segments": ("ward",)}
    place.endpoint = place.endpoint.model_copy(update=more)
    found, _ = await place.judged()

    assert "DataTypeErrorRate" in {r.metric for r in found.results}
    assert 1 == sum("ward" in words for words in found.explained)
    alike(found, await place.by_rows())


@pytest.mark.parametrize("feature", ["income", "city"])
async def test_who_carries_a_shift_is_known_without_the_rows(
    place: Place, feature: str
) -> None:
    """
    The rows of a ward have a profile of their own; few patients do not name a ward.
    """
    for back in range(12, 0, -1):
        table = rows(100 + back)
        wards = ["a"] * 40 + ["b"] * 19 + ["Zyzzyva"]
        own = {name: table[name].to_pylist() for name in ("income", "city")}
        pairs = [*zip(own["income"], own["city"], wards, strict=True)]
        moved = [income + 30 * (ward == "b") for income, _, ward in pairs]
        towns = ["Bonn" if ward == "b" else city for _, city, ward in pairs]
        column = pa.array(moved if feature == "income" else towns)
        at = table.column_names.index(feature)
        table = table.set_column(at, feature, column).set_column(7, "ward", [wards])
        place.hour(BEGUN - back * HOUR, table)
    only = SignalRule(metric="js", threshold=0.1, columns=(feature,))
    update = {"segments": ("ward",), "signals": (only,), "predictions": ()}
    place.endpoint = place.endpoint.model_copy(update=update)
    first, read = await place.judged()
    again, nothing = await place.judged()

    assert first == again
    assert (13, 0) == (read, nothing)
    assert any(words.startswith("ward b: ") for words in first.explained)
    stored = [p.read_bytes() for p in place.container.parents[2].rglob("*.profile")]
    lined = [
        p.read_bytes()
        for p in (place.container.parents[2] / "shelf").rglob("*")
        if p.is_file()
    ]
    assert not any(b"Zyzzyva" in one for one in (*stored, *lined))
    alike(first, await place.by_rows())


async def test_too_many_parts_are_looked_at_by_the_rows(place: Place) -> None:
    place.endpoint = place.endpoint.model_copy(update={"segments": ("amount",)})
    found, _ = await place.judged()
    _, read = await place.judged()

    assert 13 == read
    alike(found, await place.by_rows())


@pytest.mark.parametrize(
    "odd",
    [
        lambda t: t.set_column(0, "income", t["income"].cast("string")),
        lambda t: t.set_column(2, "amount", pa.nulls(t.num_rows)),
        lambda t: t.drop_columns(["city"]),
        lambda t: t.append_column("new", t["income"]),
        lambda t: t.set_column(1, "visits", t["visits"].cast("float64")),
        lambda t: t.slice(0, 0),
    ],
    ids=["text", "nulls", "gone", "new", "real", "empty"],
)
async def test_an_hour_of_another_shape_is_told_as_by_its_rows(
    place: Place, odd: Callable[[pa.Table], pa.Table]
) -> None:
    place.hour(BEGUN - 2 * HOUR, odd(rows(102)))

    try:
        wanted: Report | str = await place.by_rows()
    except Exception as error:  # noqa: BLE001 (the same has to come of both)
        wanted = type(error).__name__
    try:
        found: Report | str = (await place.judged())[0]
    except Exception as error:  # noqa: BLE001
        found = type(error).__name__

    if isinstance(wanted, str) or isinstance(found, str):
        assert wanted == found
    else:
        alike(found, wanted)


async def test_azure_that_is_away_is_said(place: Place) -> None:
    await place.judged()
    await place.sim.fail("GET", r"restype=container|/blob/", times=9, status=503)

    with pytest.raises(Unavailable, match="the data loan-"):
        await place.judged()


async def test_two_at_once_keep_one_and_the_same(place: Place) -> None:
    """
    At a takeover two replicas may look at one monitor; neither may spoil the other's.
    """
    both = await asyncio.gather(place.judged(), place.judged())
    again, read = await place.judged()

    assert both[0][0] == both[1][0] == again
    assert 0 == read
    kept = [p for p in (place.container.parents[2] / "shelf").rglob("*") if p.is_file()]
    assert 26 == len(kept)


def described(place: Place, text: str) -> None:
    (place.container / REFERENCE_PATH / "MLTable").write_text(text)


async def test_an_mltable_says_which_files_are_the_reference(place: Place) -> None:
    """
    What lies beside the rows is not among them, and types are those that it wants.
    """
    other = place.container / REFERENCE_PATH / "old"
    other.mkdir()
    pq.write_table(rows(3, 500, shift=99.0), other / "rows.parquet")
    columns = "columns: visits, column_type: string"
    described(
        place,
        "type: mltable\npaths:\n- pattern: ./*.parquet\n"
        f"transformations:\n- drop_columns: [ward]\n- convert_column_types: {{{columns}}}\n",
    )
    found, read = await place.judged()
    again, nothing = await place.judged()

    assert (3_000, 14, 0) == (found.reference_rows, read, nothing)
    assert found == again
    assert "ward: not in the reference" in found.dropped
    assert "visits: string in the reference, bigint in production" in found.dropped
    alike(found, await place.by_rows())


@pytest.mark.parametrize(
    "paths",
    [
        "- file: /etc/passwd",
        "- file: ../../../../../../etc/passwd",
        "- pattern: ../*/*.parquet",
        "- file: file:///etc/passwd",
        "- folder: abfss://a@stranger.dfs.core.windows.net/a",
        "- file: azureml://datastores/other/paths/rows.parquet",
        "- file: !include /etc/passwd",
        "- file: !!python/object/apply:os.getcwd []",
        "- file: " + "[" * 5_000,
    ],
)
async def test_a_strangers_mltable_opens_nothing_of_ours(
    place: Place, paths: str
) -> None:
    """
    Whoever may register a data asset must not read the bot's own files by it, nor send
    the bot's identity to another account.
    """
    described(place, f"type: mltable\npaths:\n{paths}\n")

    with pytest.raises(Impossible, match="loan-reference:1 cannot be read as rows: "):
        await place.judged()


def lines(seed: int, count: int = 60) -> bytes:
    """Return an hour as the data collector writes it: whole numbers where they are."""
    random = np.random.default_rng(seed)
    said = [
        {
            "income": round(float(random.normal(50, 9)), int(seed % 2)) or None,
            "visits": int(random.integers(0, 6)),
            "amount": None if seed == 3 else int(random.integers(0, 10**6)),
            "city": str(random.choice(["Oslo", "Rome", "Bonn"])),
            "known": bool(random.random() < 0.5),
            "age": float(random.normal(43, 9)),
            "ward": "a",
        }
        for _ in range(count)
    ]
    usual = {"specversion": "1.0", "contentrange": "bytes_0-88/89"}
    each = (
        usual | {"correlationid": f"{seed}-{i}", "data": [one]}
        for i, one in enumerate(said)
    )
    return "".join(f"{json.dumps(one)}\n" for one in each).encode()


async def test_collected_lines_are_kept_hour_by_hour(place: Place) -> None:
    """
    One hour has whole numbers only, another none at all, a third a torn line: together
    they are a column of numbers, and the torn line is told of each time.
    """
    for back in range(12, 0, -1):
        at = place.container / PRODUCTION_PATH / f"{BEGUN - back * HOUR:%Y/%m/%d/%H}"
        (at / "rows.parquet").unlink()
        torn = b'{"specversion": "1.0", "da\n' if back == 5 else b""
        (at / "instance.jsonl").write_bytes(lines(back) + torn)

    first, read = await place.judged()
    again, nothing = await place.judged()
    logs = len(place.sim.seen("GET", ".jsonl"))

    assert first == again
    assert (1, 0) == (read, nothing)
    assert 12 == logs
    assert 720 == first.production_rows
    assert any("line" in note for note in first.findings)
    alike(first, await place.by_rows())
