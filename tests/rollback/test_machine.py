"""Ten thousand steps of people, clocks and Azure against the rules of a rollback.

What happened is also kept in the plainest way, by human beings and requests, and every
execution is judged by that alone.
"""

from datetime import datetime, timedelta

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from bot.approval.awaited import pending
from bot.approval.oversight import ShiftHeld, ShiftReleased, holder
from bot.approval.preconditions import Surroundings
from bot.approval.proposal import drifted, propose, shares
from bot.commands import Ask, commands
from bot.commands.approval import objection
from bot.incident import (
    Actor,
    Deployment,
    EndpointState,
    Event,
    Health,
    Incident,
    Refused,
    RollbackApproved,
    RollbackAsked,
    RollbackExpired,
    RollbackRequested,
    ShiftFailed,
    ShiftStarted,
    TrafficShifted,
)
from bot.simulator import people
from bot.simulator.identity import TENANT
from bot.watch import Approval, Endpoint, Person, WatchList
from tests.conftest import NOW
from tests.incidents import ENDPOINT, received

STEPS = 10_000
ACCOUNTS = st.sampled_from(people.ACCOUNTS)
OPERATORS = st.sampled_from([a for a in people.ACCOUNTS if "operator" in a.roles])
APPROVERS = st.sampled_from([a for a in people.ACCOUNTS if "approver" in a.roles])
KEYS = st.sampled_from(["A-1", "A-2"])
FATES = ["done", "done", "refused", "killed", "stuck"]
MEANWHILE = ["", "", "moved", "deployed", "late", "locked", "withdrawn"]
MEANWHILE += ["stricter", "demoted", "broken", "expired"]
ASKING = ["rollback", "rollback", "undo"]
SPLITS = st.sampled_from(
    [{"blue": 90, "green": 10}, {"blue": 100}, {"green": 100, "blue": 0}]
)
MINUTES = st.sampled_from([0, 1, 7, 30, 59, 60, 61])
taken = moves = 0


def _watch(needed: int, gone: frozenset[str] = frozenset()) -> WatchList:
    """Return the watch list; those who are `gone` have lost every role."""
    endpoint = Endpoint(
        id=ENDPOINT,
        owner=people.PRIYA.person,
        channel=people.ALERTS.key,
        rollback_target="green",
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


class Rollbacks(RuleBasedStateMachine):
    """One endpoint, two incidents, everybody of the simulated tenant and beyond."""

    def __init__(self) -> None:
        super().__init__()
        self.needed = 1
        self.watch = _watch(1)
        self.gone: frozenset[str] = frozenset()
        self.now = NOW
        self.wall = NOW
        self.split: dict[str, int] = {"blue": 90, "green": 10}
        self.model = "loan:13"
        self.state = "Succeeded"
        self.incidents = {
            key: Incident(
                id=key, group_key=key, endpoint=ENDPOINT, history=(received(),)
            )
            for key in ("A-1", "A-2")
        }
        self.ledger = Incident(id="E", group_key="E", endpoint=ENDPOINT)
        self.numbers = 0
        # the plain record
        self.asked_by: dict[str, str] = {}
        self.captured: dict[str, tuple[dict[str, int], str]] = {}
        self.seen_broken: set[str] = set()
        self.expires: dict[str, datetime] = {}
        self.said_yes: dict[str, set[str]] = {}
        self.took_it_on: dict[
            str, set[str]
        ] = {}  # the target fails half of its requests
        self.ended: set[str] = set()
        self.moved: list[str] = []
        self.locked = False

    # -- what the world does ------------------------------------------------------------

    @rule(minutes=MINUTES)
    def time_passes(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)

    @rule(split=SPLITS)
    def somebody_moves_traffic(self, split: dict[str, int]) -> None:
        self.split = split

    @rule(model=st.sampled_from(["loan:13", "loan:15"]))
    def somebody_deploys(self, model: str) -> None:
        self.model = model

    @rule(state=st.sampled_from(["Succeeded", "Succeeded", "Failed"]))
    def a_change_ends_well_or_badly(self, state: str) -> None:
        self.state = state

    @rule(needed=st.sampled_from([1, 2]))
    def the_watch_list_changes(self, needed: int) -> None:
        self.needed, self.watch = needed, _watch(needed, self.gone)

    @rule(who=APPROVERS)
    def a_role_is_taken_away_or_given_back(self, who: people.Account) -> None:
        self.gone ^= {who.person}
        self.watch = _watch(self.needed, self.gone)

    # -- what people do -----------------------------------------------------------------

    @rule(who=st.one_of(OPERATORS, ACCOUNTS), key=KEYS, verb=st.sampled_from(ASKING))
    def a_person_asks(self, who: people.Account, key: str, verb: str) -> None:
        self._person_does(who, key, verb, sees=False)
        self.the_driver_captures(key)

    @precondition(lambda self: self.waiting)
    @rule(
        who=st.one_of(APPROVERS, APPROVERS, ACCOUNTS),
        key=KEYS,
        sees=st.booleans(),
        accepts=st.sampled_from(["true", "true", "false", ""]),
        accounts=st.permutations(people.ACCOUNTS),
    )
    def people_approve(
        self,
        who: people.Account,
        key: str,
        *,
        sees: bool,
        accepts: str,
        accounts: list[people.Account],
    ) -> None:
        """One after the other, the one account and perhaps more, in any order."""
        for each in (who, *accounts[: 2 * self.needed - 1]):
            self._person_does(each, key, "approve", sees=sees, accepts=accepts)

    @rule(
        asker=st.one_of(OPERATORS, ACCOUNTS),
        key=KEYS,
        order=st.permutations(people.ACCOUNTS),
        meanwhile=st.sampled_from(MEANWHILE),
        when=st.sampled_from(["ask", "approve"]),
        fate=st.sampled_from(FATES),
    )
    def a_whole_rollback(
        self,
        asker: people.Account,
        key: str,
        order: list[people.Account],
        meanwhile: str,
        when: str,
        fate: str,
    ) -> None:
        """The straight way, on which one thing may happen between two steps."""
        self.gone, self.watch = frozenset(), _watch(self.needed)
        for one in people.ACCOUNTS:  # so that the way is free more often than not
            self.a_person_locks(one, "unlock")
        self.a_person_asks(asker, key, "rollback")
        if when == "ask":
            self._meanwhile(meanwhile, asker, key)
        for each in order:
            self._person_does(each, key, "approve", sees=False)
        if when == "approve":
            self._meanwhile(meanwhile, asker, key)
        self.the_executor_runs(key, fate)

    def _world_turns(self, what: str) -> None:
        match what:
            case "moved":
                self.split = {"blue": 70, "green": 30}
            case "deployed":
                self.model = "loan:16"
            case "broken":
                self.state = "Failed"

    def _meanwhile(self, what: str, asker: people.Account, key: str) -> None:
        self._world_turns(what)
        match what:
            case "late":
                self.now += timedelta(minutes=60)
            case "expired":
                self.now += timedelta(minutes=60)
                self.the_driver_expires(key)
            case "locked":
                self.a_person_locks(people.PRIYA, "lock")
            case "withdrawn":
                self._person_does(asker, key, "withdraw", sees=False)
            case "stricter":
                self.the_watch_list_changes(2)
            case "demoted":
                for one in (people.MEI, people.LENA):
                    self.a_role_is_taken_away_or_given_back(one)

    @precondition(lambda self: self.waiting or self.approved)
    @rule(who=ACCOUNTS, key=KEYS, verb=st.sampled_from(["reject", "withdraw"]))
    def a_person_says_no(self, who: people.Account, key: str, verb: str) -> None:
        self._person_does(who, key, verb, sees=False)

    @property
    def waiting(self) -> bool:
        return any(i.waiting for i in self.incidents.values())

    @property
    def approved(self) -> bool:
        return any(i.approved and i.outcome is None for i in self.incidents.values())

    def _person_does(
        self,
        who: people.Account,
        key: str,
        verb: str,
        *,
        sees: bool,
        accepts: str = "true",
    ) -> None:
        incident = self.incidents[key]
        request = incident.request.request if incident.request else ""
        words = {"request": request, "reason": "because", "accepts": accepts}
        if verb == "rollback":
            words.pop("request")
        done = self._decide(who, verb, incident, words, sees=sees)
        if done is None:
            return
        self.incidents[key] = incident.having(*done)
        for event in done:
            if isinstance(event, RollbackApproved):
                self.said_yes[request].add(who.person)
                if accepts == "true":
                    self.took_it_on[request].add(who.person)
            elif not isinstance(event, RollbackAsked):
                self.ended.add(request)

    @rule(who=ACCOUNTS, verb=st.sampled_from(["lock", "unlock"]))
    def a_person_locks(self, who: people.Account, verb: str) -> None:
        done = self._decide(who, verb, self.ledger, {"reason": "month end"}, sees=False)
        if done is not None:
            self.ledger = self.ledger.having(*done)
            self.locked = verb == "lock"

    def _decide(
        self,
        who: people.Account,
        verb: str,
        incident: Incident,
        words: dict[str, str],
        *,
        sees: bool,
    ) -> tuple[Event, ...] | None:
        actor, command = Actor(who.tenant, who.oid, who.name), commands()[verb]
        try:
            person: Person = command.permit(actor, self.watch)
            assert command.decide is not None
            return command.decide(
                Ask(
                    actor=actor,
                    person=person,
                    now=self.now,
                    watch=self.watch,
                    incident=incident,
                    endpoint=self.watch.endpoints[0],
                    words=words,
                    ledger=self.ledger,
                    live=self._live() if sees else None,
                )
            )
        except Refused:
            return None

    # -- what the processes do ----------------------------------------------------------

    def _live(self) -> EndpointState:
        return EndpointState(
            at=self.now,
            traffic=self.split,
            deployments=(
                Deployment(
                    name="blue", model="loan:14", provisioning_state="Succeeded"
                ),
                Deployment(
                    name="green", model=self.model, provisioning_state="Succeeded"
                ),
            ),
            provisioning_state=self.state,
            digest="",
        )

    def the_driver_captures(self, key: str) -> None:
        incident = self.incidents[key]
        asked = incident.last(RollbackAsked, RollbackRequested)
        if not isinstance(asked, RollbackAsked):
            return
        self.numbers += 1
        every = incident.every(RollbackRequested)
        undone = next((r for r in every if r.request == asked.undoes), None)
        found = propose(
            asked,
            incident.revision,
            self.watch.endpoints[0],
            self._live(),
            [
                Health(start=self.now, end=self.now, deployment=n, error_rate=0.5)
                for n in ("blue", "green")
            ],
            request=f"R-{self.numbers}",
            now=self.now,
            around=Surroundings(
                ledger=self.ledger,
                others=tuple(i for k, i in self.incidents.items() if k != key),
                undone=undone,
            ),
        )
        self.incidents[key] = incident.having(found)
        if isinstance(found, RollbackRequested):
            asker = self.watch.person(found.by)
            assert asker is not None
            self.asked_by[found.request] = asker.name
            self.captured[found.request] = (shares(self.split), self.model)
            self.expires[found.request] = found.expires_at
            self.said_yes[found.request] = set()
            self.took_it_on[found.request] = set()
            if self.state != "Succeeded":
                self.seen_broken.add(found.request)

    @precondition(lambda self: self.waiting or self.approved)
    @rule(key=KEYS)
    def the_driver_expires(self, key: str) -> None:
        """What waits for people, and what waits for an executor and did not begin."""
        incident, request = self.incidents[key], self.incidents[key].request
        if request is None or self.now < request.expires_at:
            return
        left = pending(incident, request.request) and incident.started is None
        if incident.waiting or left:
            name = request.request
            expired = RollbackExpired(at=self.now, request=name, approved=left)
            self.incidents[key] = incident.having(expired)
            self.ended.add(name)

    @precondition(lambda self: self.approved)
    @rule(
        key=KEYS,
        fate=st.sampled_from(FATES),
    )
    def the_executor_runs(self, key: str, fate: str) -> None:
        """The order of bot.worker.shift; "killed" leaves the outcome unknown."""
        incident, request = self.incidents[key], self.incidents[key].request
        if request is None or incident.outcome or not incident.approved:
            return
        if incident.started:
            self._end(key, request, "done" if fate == "done" else "refused")
            return
        live, endpoint = self._live(), self.watch.endpoints[0]
        why = drifted(request, live) or objection(
            incident, endpoint, self.watch, self.ledger, self.now
        )
        if why:
            self._end(key, request, "refused")
            return
        if holder(self.ledger) is None:
            held = ShiftHeld(at=self.now, request=request.request)
            self.ledger = self.ledger.having(held)
        started = ShiftStarted(at=self.now, request=request.request, before=live)
        self.incidents[key] = incident.having(started)
        self._put(request)
        if fate != "killed":
            self._end(key, request, fate)

    def _put(self, request: RollbackRequested) -> None:
        """Judge the execution by the plain record alone, and move the traffic."""
        name = request.request
        assert name not in self.moved, "twice"
        assert name not in self.ended, "rejected, withdrawn, stale or expired"
        assert self.now < self.expires[name], "after its expiry"
        assert not self.locked, "on a locked endpoint"
        assert self.captured[name] == (shares(self.split), self.model), "stale"
        assert self.state == "Succeeded" or name in self.seen_broken, "broken since"
        yes, asker = self.said_yes[name], self.asked_by[name]
        assert asker not in yes, "approved by who asked"
        able = {
            p.name for p in self.watch.people if "approver" in p.roles and not p.guest
        }
        assert len(yes & able) >= self.needed, "too few people who still may"
        known = yes & able & self.took_it_on[name]
        assert len(known) >= self.needed, "on checks that nobody has accepted"
        self.moved.append(name)
        global moves  # noqa: PLW0603 as `taken`
        moves += 1
        self.split, self.state = dict(request.traffic), "Succeeded"

    def _end(self, key: str, request: RollbackRequested, fate: str) -> None:
        outcome: Event
        if fate == "done":
            outcome = TrafficShifted(
                at=self.now,
                request=request.request,
                before=request.captured.traffic,
                after=self.split,
                state=self._live(),
            )
        else:
            outcome = ShiftFailed(
                at=self.now,
                request=request.request,
                reason=fate,
                live=self.split,
                settled=fate != "stuck",
            )
        self.incidents[key] = self.incidents[key].having(outcome)
        held = holder(self.ledger)
        if fate != "stuck" and held and held.request == request.request:
            freed = ShiftReleased(at=self.now, request=request.request)
            self.ledger = self.ledger.having(freed)

    # -- always -------------------------------------------------------------------------

    @invariant()
    def one_request_at_a_time_on_an_endpoint(self) -> None:
        global taken  # noqa: PLW0603 - steps over all runs, to know that it were enough
        taken += 1
        under_way = [
            i for i in self.incidents.values() if i.started and i.outcome is None
        ]
        assert len(under_way) <= 1

    @invariant()
    def who_is_done_cannot_be_done_again(self) -> None:
        endpoint = self.watch.endpoints[0]
        for incident in self.incidents.values():
            if incident.started:
                assert objection(
                    incident, endpoint, self.watch, self.ledger, self.now
                ), "a started move may begin again"


def test_no_way_around_the_rules_in_ten_thousand_steps() -> None:
    """
    By no order of clicks, clocks, kills and portals does a move run that two people
    did not agree on, twice, late, on another world, or on a locked endpoint.
    """
    global taken, moves  # noqa: PLW0603 see above
    taken = moves = 0
    run_state_machine_as_test(
        Rollbacks,
        settings=settings(
            max_examples=360,
            stateful_step_count=50,
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )

    assert taken >= STEPS
    assert moves >= 100  # a machine that never gets that far proves nothing


def test_the_straight_way_leads_through() -> None:
    """
    A machine that never moves traffic proves nothing: walk the straight way through.
    """
    machine = Rollbacks()
    for who, verb in ((people.JONAS, "rollback"), (people.MEI, "approve")):
        machine._person_does(who, "A-1", verb, sees=True)  # noqa: SLF001
        machine.the_driver_captures("A-1")
    machine.the_executor_runs("A-1", "done")

    assert ["R-1"] == machine.moved
    assert {"green": 100} == shares(machine.split)
