"""SIGKILL at every await of the executor: the old state or a resumed move, one PUT."""

import asyncio
import json
import sys
from pathlib import Path

from bot.approval.oversight import holder
from bot.approval.preconditions import doubts
from bot.approval.proposal import propose
from bot.approval.retraining import (
    Job,
    RetrainingApproved,
    RetrainingEnded,
    RetrainingRequested,
    RetrainingSubmitted,
)
from bot.approval.training import Seen, propose_retraining
from bot.consequences import follow
from bot.incident import (
    Actor,
    DecisionRecorded,
    Deployment,
    EndpointState,
    Incident,
    RollbackApproved,
    RollbackAsked,
    RollbackRequested,
    ShiftFailed,
    TrafficShifted,
)
from bot.simulator import people
from bot.simulator.scenarios._workspace import TRAINING
from bot.store import Store
from tests.children import inherited
from tests.house import QUIET, House, Opened
from tests.rollback.doomed import KILLED

ROOT = Path(__file__).parents[2]
BEFORE, AFTER = {"blue": 90, "green": 10}, {"green": 100}
MOST = 80  # places; there are fewer, and the test says so
FEWEST = 10
# What has to be among the places: the faults by their names, and our own steps.
STEPS = (
    "shift.py:_hold",
    "shift.py:_begin",  # approve.after_audit_before_put
    "mover.py:_put",
    "mover.py:_follow",  # rollback.during_lro_poll
    "mover.py:_rested",  # rollback.after_put_before_store
    "ended.py:tell",
    "ended.py:let_go",
)


async def approved(house: House, store: Store, number: int) -> Incident:
    """Record a request and its approval, as serve would have."""
    from bot.running import now  # noqa: PLC0415 - the clock of the programs

    await house.sim_post("azure/traffic", traffic=BEFORE)
    at, endpoint = now(), house.watch.endpoints[0]
    jonas, mei = (Actor(a.tenant, a.oid, a.name) for a in (people.JONAS, people.MEI))
    state = EndpointState(
        at=at,
        traffic=BEFORE,
        deployments=tuple(
            Deployment(name=n, model=m, provisioning_state="Succeeded")
            for n, m in (
                ("blue", "loan-prescreening:14"),
                ("green", "loan-prescreening:13"),
            )
        ),
        provisioning_state="Succeeded",
        digest="",
    )
    asked = RollbackAsked(at=at, by=jonas, reason="13 copes")
    request = propose(asked, 1, endpoint, state, [], request=f"R-{number}", now=at)
    assert isinstance(request, RollbackRequested)
    new = Incident(id="", group_key=f"g-{number}", endpoint=endpoint.id)
    incident = await store.append(new, [asked, request])
    yes = RollbackApproved(
        at=at,
        by=mei,
        request=f"R-{number}",
        person="Mei Chen",
        accepted=tuple(c.name for c in doubts(request)),
    )
    return await store.append(incident, [yes], follow(incident, (yes,)))


class Executor:
    """A process that forks an executor a line, see tests/rollback/doomed.py."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    @classmethod
    async def start(cls, house: House, folder: Path) -> "Executor":
        config = folder / "doomed.json"
        document = {
            "settings": house.settings.model_dump(mode="json"),
            "watch": house.watch.model_dump(mode="json"),
        }
        config.write_text(json.dumps(document), "utf-8")
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.rollback.doomed", str(config),
            cwd=ROOT,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env=inherited(),
        )  # fmt: skip
        return cls(process)

    async def run(self, spared: list[str] | None = None) -> str:
        """Return where it was killed, "done" when each place it came to was spared."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(f"{json.dumps(spared)}\n".encode())
        async with asyncio.timeout(180):  # the first starts Python too
            return (await self._process.stdout.readline()).decode().strip()

    async def end(self) -> None:
        assert self._process.stdin
        self._process.stdin.close()
        await self._process.wait()


async def test_a_kill_at_every_await_leaves_one_put_and_the_truth(
    build: Opened, tmp_path: Path
) -> None:
    """
    Killed wherever it waits, and started again as a platform would.
    """
    house = await build(endpoint=QUIET, start=False)
    await house.sim_post("azure/operations", seconds=0.15)
    store = Store.open(house.settings.database_url)
    executor = await Executor.start(house, tmp_path)
    places: list[str] = []
    try:
        for number in range(1, MOST):
            sent = len(house.requests("PUT", "onlineendpoints"))
            incident = await approved(house, store, number)
            fate = await executor.run(places)
            if fate.startswith(KILLED):
                places.append(fate.removeprefix(KILLED))
                await _free_once_told(store, incident, fate)
                assert "done" == await executor.run()
            await _judged(house, store, incident, sent, fate)
            if fate == "done":
                break
    finally:
        await executor.end()
        store.close()

    assert "done" == fate, "there are more places than the test goes to"
    assert len(places) >= FEWEST, places
    missed = [step for step in STEPS if not any(step in p for p in places)]
    assert [] == missed, "never killed there"


async def _free_once_told(store: Store, incident: Incident, fate: str) -> None:
    """Whoever reads how it ended may undo it at once, wherever the executor died."""
    after = await store.load(incident.id)
    assert after is not None
    if after.outcome is not None:
        assert holder(await store.ledger(incident.endpoint)) is None, fate


async def _judged(
    house: House, store: Store, incident: Incident, sent: int, fate: str
) -> None:
    """Compare what is recorded with what the cloud itself serves and has seen."""
    after = await store.load(incident.id)
    assert after is not None
    puts = len(house.requests("PUT", "onlineendpoints")) - sent
    outcome = after.outcome
    assert outcome is not None, fate
    assert puts <= 1, fate
    if isinstance(outcome, TrafficShifted):
        assert (1, AFTER) == (puts, await house.traffic()), fate
    else:
        assert isinstance(outcome, ShiftFailed)
        assert "nothing was changed" in outcome.reason, fate
        assert BEFORE == await house.traffic(), fate
    assert 1 == len(after.every(TrafficShifted, ShiftFailed)), fate
    assert holder(await store.ledger(incident.endpoint)) is None, fate


async def training(store: Store, house: House, number: int) -> Incident:
    """Record a request to train again and its approval, as serve would have."""
    from bot.running import now  # noqa: PLC0415 - the clock of the programs

    at, endpoint = now(), house.watch.endpoints[0]
    priya, mei = (Actor(a.tenant, a.oid, a.name) for a in (people.PRIYA, people.MEI))
    record = DecisionRecorded(
        at=at, by=priya, choice="retrain", reason="others by now", expires_at=at
    )
    new = Incident(id="", group_key=f"t-{number}", endpoint=endpoint.id)
    incident = await store.append(new, [record])
    state = EndpointState(
        at=at,
        traffic=BEFORE,
        deployments=(Deployment(name="blue", model="loan-prescreening:14"),),
        provisioning_state="Succeeded",
        digest="",
    )
    seen = Seen(state=state, job=Job(name=TRAINING, status="Completed"))
    request = propose_retraining(
        incident, 1, endpoint, seen, request=f"R-{number}", now=at
    )
    assert isinstance(request, RetrainingRequested)
    yes = RetrainingApproved(at=at, by=mei, request=f"R-{number}", person="Mei Chen")
    incident = await store.append(incident, [request])
    return await store.append(incident, [yes], follow(incident, (yes,)))


async def test_a_kill_at_every_await_leaves_one_job(
    build: Opened, tmp_path: Path
) -> None:
    """
    Submitted once, whatever interrupts it; and told as submitted, for it runs.
    """
    house = await build(endpoint=QUIET, start=False)
    await house.sim_post("azure/jobs", outcome="stuck")
    store = Store.open(house.settings.database_url)
    executor = await Executor.start(house, tmp_path)
    places: list[str] = []
    try:
        for number in range(1, MOST):
            incident = await training(store, house, number)
            fate = await executor.run(places)
            if fate.startswith(KILLED):
                places.append(fate.removeprefix(KILLED))
                assert "done" == await executor.run()
            after = await store.load(incident.id)
            assert after is not None
            assert 1 == len(after.every(RetrainingSubmitted)), fate
            assert 0 == len(after.every(RetrainingEnded)), fate
            jobs = [k for k, _ in house.world.all("run") if f"-r-{number}-" in k]
            assert 1 == len(jobs), fate
            if fate == "done":
                break
    finally:
        await executor.end()
        store.close()

    assert "done" == fate, "there are more places than the test goes to"
    steps = ("train.py:_begin", "jobs.py:job", "jobs.py:submit", "train.py:_tell")
    assert [] == [s for s in steps if not any(s in p for p in places)], places
