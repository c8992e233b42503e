"""The same ten thousand steps for a retraining, judged by a plain record of their own."""

from collections import Counter
from datetime import datetime, timedelta

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    rule,
    run_state_machine_as_test,
)

from bot.approval.retraining import (
    Job,
    RetrainingApproved,
    RetrainingEnded,
    RetrainingLapsed,
    RetrainingRejected,
    RetrainingRequested,
    RetrainingStarted,
    RetrainingSubmitted,
    retraining,
)
from bot.approval.training import Seen, objection, propose_retraining
from bot.commands import Ask, commands
from bot.consequences import follow
from bot.incident import (
    Actor,
    DecisionRecorded,
    Deployment,
    EndpointState,
    Event,
    FollowRetraining,
    Incident,
    ProposeRetraining,
    Refused,
    SubmitRetraining,
)
from bot.simulator import people
from bot.simulator.identity import TENANT
from bot.watch import Approval, Endpoint, Retraining, WatchList
from tests.conftest import NOW
from tests.incidents import ENDPOINT, received

STEPS = 10_000
ACCOUNTS = st.sampled_from(people.ACCOUNTS)
DECIDERS = st.sampled_from([people.PRIYA, people.SAM, people.PRIYA, people.ANA])
APPROVERS = st.sampled_from([people.MEI, people.LENA, people.LENA_ADMIN, people.GUEST])
MINUTES = st.sampled_from([0, 1, 7, 59, 60])
FATES = st.sampled_from(["done", "done", "killed before", "killed after", "refused"])
count: Counter[str] = Counter()


def _watch(needed: int, gone: frozenset[str], job: str) -> WatchList:
    endpoint = Endpoint(
        id=ENDPOINT,
        owner=people.PRIYA.person,
        channel=people.ALERTS.key,
        retraining=Retraining(job=job),
        approval=Approval(count=needed, valid_minutes=60),
    )
    return WatchList(
        tenant=TENANT,
        people=tuple(
            p.model_copy(update={"roles": ("viewer",)}) if p.name in gone else p
            for p in people.people()
        ),
        channels=people.channels(),
        endpoints=(endpoint,),
    )


class Trainings(RuleBasedStateMachine):
    """One incident; the jobs of the workspace are a set of names, as in Azure."""

    def __init__(self) -> None:
        super().__init__()
        self.now = NOW
        self.needed, self.job, self.model = 1, "train-a", "loan:14"
        self.gone: frozenset[str] = frozenset()
        self.incident = Incident(
            id="A-1", group_key="g", endpoint=ENDPOINT, history=(received(),)
        )
        self.jobs: list[str] = []
        self.queue: list[object] = []
        # the plain record, by request
        self.asked_by: dict[str, str] = {}
        self.yes: dict[str, set[str]] = {}
        self.bound: dict[str, tuple[str, str]] = {}
        self.expires: dict[str, datetime] = {}
        self.ended: set[str] = set()

    @property
    def watch(self) -> WatchList:
        return _watch(self.needed, self.gone, self.job)

    def _record(self, *events: Event) -> None:
        self.queue += [f.effect for f in follow(self.incident, events)]
        self.incident = self.incident.having(*events)

    # -- the world ----------------------------------------------------------------------

    @rule(minutes=MINUTES)
    def time_passes(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)

    @rule(model=st.sampled_from(["loan:14", "loan:14", "loan:15"]))
    def somebody_deploys(self, model: str) -> None:
        self.model = model

    @rule(
        needed=st.sampled_from([1, 1, 2]),
        job=st.sampled_from(["train-a", "train-a", "train-b"]),
        gone=st.sampled_from([frozenset(), frozenset(), frozenset({"Mei Chen"})]),
    )
    def the_watch_list_changes(
        self, needed: int, job: str, gone: frozenset[str]
    ) -> None:
        self.needed, self.job, self.gone = needed, job, gone

    def _live(self) -> EndpointState:
        return EndpointState(
            at=self.now,
            traffic={"blue": 100},
            deployments=(Deployment(name="blue", model=self.model),),
            provisioning_state="Succeeded",
            digest="",
        )

    # -- people -------------------------------------------------------------------------

    def _says(self, who: people.Account, verb: str, *, sees: bool = False) -> None:
        found = retraining(self.incident)
        words = {"choice": "retrain", "reason": "others by now"}
        if verb != "decide":
            words["request"] = found.request.request if found else "R-0"
        actor, command = Actor(who.tenant, who.oid, who.name), commands()[verb]
        try:
            person = command.permit(actor, self.watch)
            assert command.decide is not None
            ask = Ask(
                actor=actor,
                person=person,
                now=self.now,
                watch=self.watch,
                incident=self.incident,
                endpoint=self.watch.endpoints[0],
                words=words,
                live=self._live() if sees else None,
            )
            events = command.decide(ask)
        except Refused:
            return
        for event in events:
            if isinstance(event, RetrainingApproved):
                self.yes[event.request].add(who.person)
            if isinstance(event, RetrainingRejected | RetrainingLapsed):
                self.ended.add(event.request)
        self._record(*events)

    @rule(who=DECIDERS)
    def somebody_decides(self, who: people.Account) -> None:
        self._says(who, "decide")
        self.the_driver_proposes()

    @rule(who=st.one_of(APPROVERS, ACCOUNTS), sees=st.booleans())
    def somebody_approves(self, who: people.Account, *, sees: bool) -> None:
        self._says(who, "approve", sees=sees)

    @rule(order=st.permutations(people.ACCOUNTS), fate=FATES)
    def a_whole_retraining(self, order: list[people.Account], fate: str) -> None:
        self.somebody_decides(people.PRIYA)
        for who in order:
            self._says(who, "approve", sees=False)
        self.the_executor_runs(fate)

    @rule(who=ACCOUNTS, verb=st.sampled_from(["reject", "withdraw"]))
    def somebody_says_no(self, who: people.Account, verb: str) -> None:
        self._says(who, verb)

    # -- the programs -------------------------------------------------------------------

    def the_driver_proposes(self) -> None:
        due = [e for e in self.queue if isinstance(e, ProposeRetraining)]
        self.queue = [e for e in self.queue if not isinstance(e, ProposeRetraining)]
        for effect in due:
            name = f"R-{len(self.asked_by) + 1}"
            record = self.incident.history[effect.decided - 1]
            assert isinstance(record, DecisionRecorded)
            found = propose_retraining(
                self.incident,
                effect.decided,
                self.watch.endpoints[0],
                Seen(state=self._live(), job=Job(name=self.job, status="Completed")),
                request=name,
                now=self.now,
            )
            self._record(found)
            if isinstance(found, RetrainingRequested):
                person = self.watch.person(record.by)
                assert person is not None
                self.asked_by[name], self.yes[name] = person.name, set()
                self.bound[name] = (self.model, self.job)
                self.expires[name] = found.expires_at

    @rule(fate=FATES)
    def the_executor_runs(self, fate: str) -> None:
        """The order of bot.worker.train; what it was killed in is done again later."""
        for effect in [e for e in self.queue if isinstance(e, SubmitRetraining)]:
            found = retraining(self.incident, effect.request)
            assert found is not None
            if found.submitted or found.ended or not found.approved:
                self.queue.remove(effect)
                continue
            self._submits(effect.request, fate)

    def _submits(self, name: str, fate: str) -> None:
        found = retraining(self.incident, name)
        assert found is not None
        endpoint, live = self.watch.endpoints[0], self._live()
        why = objection(self.incident, name, endpoint, self.watch, live, self.now)
        job = found.request.submits
        if not why and not found.started:
            self._record(RetrainingStarted(at=self.now, request=name, job=job))
        if fate == "killed before":
            return
        if job not in self.jobs:
            if why or fate == "refused":
                self._record(
                    RetrainingEnded(
                        at=self.now, request=name, job=job, status="not submitted"
                    )
                )
                return
            self._put(name, job)
        if fate != "killed after":
            status = "Queued"
            self._record(
                RetrainingSubmitted(at=self.now, request=name, job=job, status=status)
            )

    def _put(self, name: str, job: str) -> None:
        """Judge the submission by the plain record alone."""
        assert name not in self.ended, "rejected, withdrawn, out of date"
        assert self.now < self.expires[name], "after its expiry"
        assert self.bound[name] == (self.model, self.job), "another model, another job"
        able = {
            p.name for p in self.watch.people if "approver" in p.roles and not p.guest
        }
        assert self.asked_by[name] not in self.yes[name], "by who asked"
        assert len(self.yes[name] & able) >= self.needed, "too few who still may"
        self.jobs.append(job)
        count["jobs"] += 1

    @rule(status=st.sampled_from(["Completed", "Failed"]))
    def the_job_ends(self, status: str) -> None:
        for effect in [e for e in self.queue if isinstance(e, FollowRetraining)]:
            self.queue.remove(effect)
            found = retraining(self.incident, effect.request)
            if found and found.submitted and not found.ended:
                job = found.request.submits
                assert job in self.jobs, "told of a job that is not there"
                end = RetrainingEnded(
                    at=self.now,
                    request=effect.request,
                    job=job,
                    status=status,  # type: ignore[arg-type]
                )
                self._record(end)

    # -- always -------------------------------------------------------------------------

    @invariant()
    def a_request_has_one_job_at_most(self) -> None:
        count["steps"] += 1
        assert len(self.jobs) == len(set(self.jobs))
        told = self.incident.every(RetrainingSubmitted)
        assert {e.job for e in told} <= set(self.jobs)
        assert len(told) == len({e.request for e in told})

    @invariant()
    def one_request_is_open_at_a_time(self) -> None:
        every = self.incident.every(RetrainingRequested)
        found = [retraining(self.incident, r.request) for r in every]
        assert sum(f.open for f in found if f) <= 1


def test_no_job_runs_that_two_people_did_not_agree_on() -> None:
    """
    By no order of clicks, clocks, kills and changes: nor twice, late, or for another.
    """
    count.clear()
    run_state_machine_as_test(
        Trainings,
        settings=settings(
            max_examples=260,
            stateful_step_count=50,
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )

    assert count["steps"] >= STEPS
    assert count["jobs"] >= 100  # a machine that never gets that far proves nothing
