"""Which endpoint an alert is about: never one of somebody else's."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.incident import Alert, Kind
from bot.incident.arm import arm_id
from bot.watch import Channel, Endpoint, Listening, Person, WatchList
from tests.conftest import NOW

PROVIDER = "/providers/Microsoft.MachineLearningServices/workspaces/"
OURS = "/subscriptions/s-1/resourceGroups/rg-risk"
LOGS = "/providers/microsoft.operationalinsights/workspaces/law"


def arm(subscription: str, workspace: str, endpoint: str) -> str:
    group = f"/subscriptions/{subscription}/resourceGroups/rg-risk"
    return f"{group}{PROVIDER}{workspace}/onlineEndpoints/{endpoint}"


def listed(*endpoints: Endpoint) -> WatchList:
    names = {"Priya": "0", "Jonas": "1"}
    people = tuple(
        Person(name=name, accounts=(f"{n * 8}-0000-0000-0000-{n * 12}",))
        for name, n in names.items()
    )
    channels = {n: Channel(id=f"19:{n}@thread.tacv2") for n in ("alerts", "risk")}
    return WatchList(
        tenant=people[0].accounts[0],
        people=people,
        channels=channels,
        endpoints=endpoints,
    )


def watched(
    arm_id: str, *, monitor: str = "", scopes: tuple[str, ...] = ()
) -> Endpoint:
    return Endpoint(
        id=arm_id, owner="Priya", channel="alerts", monitor=monitor, scopes=scopes
    )


LOAN = watched(arm("s-1", "mlw", "loan"), monitor="Loan-Drift")
WATCH = listed(LOAN, watched(arm("s-1", "mlw-2", "other"), monitor="loan-drift"))


def about(*resources: str, endpoint: str = "", monitor: str = "") -> Alert:
    return Alert(
        source="tests",
        kind="errors",
        fingerprint="f",
        status="firing",
        severity=2,
        title="t",
        starts_at=NOW,
        resources=tuple(r.lower() for r in resources),
        endpoint=endpoint,
        monitor=monitor,
    )


@pytest.mark.parametrize(
    "alert",
    [
        about(arm("s-1", "mlw", "LOAN")),
        about(arm("s-1", "mlw", "loan") + "/deployments/blue"),
        about(OURS + LOGS, endpoint="Loan"),
        about(OURS + PROVIDER + "mlw", endpoint="loan"),
        about(OURS + PROVIDER + "mlw", monitor="LOAN-drift"),
        about(endpoint="loan"),
    ],
)
def test_ours_is_found(alert: Alert) -> None:
    assert LOAN == WATCH.resolve(alert)


@pytest.mark.parametrize(
    "alert",
    [
        about(arm("s-2", "mlw", "loan"), endpoint="loan"),
        about(arm("s-1", "mlw-3", "loan"), endpoint="loan"),
        about(arm("s-1", "mlw", "loan-2")),
        about(arm("s-1", "mlw-22", "x"), monitor="loan-drift"),
        about("/subscriptions/s-2/resourceGroups/rg" + LOGS, endpoint="loan"),
        about("/subscriptions/s-11", endpoint="loan"),
        about(OURS + PROVIDER + "ml", endpoint="loan"),
        about(OURS + PROVIDER + "mlw"),
    ],
)
def test_a_neighbour_with_the_same_name_is_not_ours(alert: Alert) -> None:
    """
    Another team's endpoint may have our endpoint's name, and its alert is theirs.
    """
    assert WATCH.resolve(alert) is None


def test_a_central_log_workspace_may_speak_of_us_when_it_is_listed() -> None:
    central = "/subscriptions/s-9/resourceGroups/central" + LOGS
    loan = watched(arm("s-1", "mlw", "loan"), scopes=(central,))

    assert loan == listed(loan).resolve(about(central, endpoint="loan"))
    assert listed(loan).resolve(about(central + "-2", endpoint="loan")) is None


few = st.sampled_from(["a", "aa", "a-1", "b"])
ids = st.builds(arm, few, few, few)


@given(
    st.sets(ids, min_size=1, max_size=6),
    ids,
    st.sampled_from(["", "/deployments/blue"]),
)
def test_an_arm_id_is_matched_whole_or_not_at_all(
    known: set[str], given: str, tail: str
) -> None:
    watch = listed(*(watched(k) for k in sorted(known)))
    resource = given + tail
    name = given.rsplit("/", 1)[-1]

    found = watch.resolve(about(resource, endpoint=name))

    assert (given.lower() if given in known else None) == (found.id if found else None)


@given(st.sets(ids, min_size=1, max_size=6), few, few, few)
def test_a_short_name_never_leaves_its_workspace(
    known: set[str], subscription: str, workspace: str, name: str
) -> None:
    watch = listed(*(watched(k, monitor=name) for k in sorted(known)))
    inside = arm(subscription, workspace, name)
    source = inside.rsplit("/onlineEndpoints/", 1)[0]

    found = watch.resolve(about(source, endpoint=name))

    assert found is None or found.id.startswith(source.lower() + "/")
    if inside in known:
        assert found is not None
        assert inside.lower() == found.id


def test_events_that_come_no_more_are_told_where_it_hurts_most() -> None:
    """
    A subscription brings the events of a whole workspace, and its end is nobody's own.
    """
    minor, major, heard = (
        watched(arm("s-1", "mlw", name)) for name in ("minor", "major", "heard")
    )
    topic = "/subscriptions/s-1/resourceGroups/g/providers/Microsoft.EventGrid"
    events = f"{topic}/systemTopics/t/eventSubscriptions/Drift"
    listening = Listening(events=events)
    watch = listed(
        minor,
        major.model_copy(update={"tier": 1}),
        heard.model_copy(update={"tier": 3, "listening": listening}),
    )
    gone = replace(about(f"{OURS}{PROVIDER}mlw"), kind="silence")

    def told(rule: str) -> str:
        found = watch.resolve(replace(gone, rule=rule))
        return found.name if found else ""

    assert ("major", "heard") == (told("another"), told("drift"))
    assert watch.resolve(replace(gone, resources=(OURS.lower(),))) is None


def test_an_alert_with_two_targets_is_about_both() -> None:
    """
    And about no third: a target that nobody watches adds nothing.
    """
    other = watched(arm("s-1", "mlw", "other"))
    watch = listed(LOAN, other)
    both = about(
        arm("s-1", "mlw", "Other") + "/deployments/blue",
        arm("s-9", "mlw", "loan"),
        arm("s-1", "mlw", "loan"),
    )

    assert (LOAN, other) == watch.about(both)
    assert (LOAN,) == watch.about(about(arm("s-1", "mlw", "loan")))
    assert () == watch.about(about(arm("s-9", "mlw", "loan")))


@pytest.mark.parametrize(
    ("resource", "words", "found"),
    [
        (OURS + LOGS, "Errors of loan over 5 %", "loan"),
        (OURS + LOGS, "errors-of-loan", ""),
        (OURS + LOGS, "Errors of loan-2", "loan-2"),
        (OURS + LOGS, "Errors of loan and loan-2", ""),
        (OURS + LOGS, "Errors of everything", ""),
        ("/subscriptions/s-2/resourceGroups/g" + LOGS, "Errors of loan", ""),
        ("/subscriptions/s-9/resourceGroups/g" + LOGS, "Errors", "loan-2"),
        (OURS + "/providers/microsoft.compute/virtualmachines/vm", "loan is full", ""),
        (arm("s-1", "mlw", "else"), "loan", ""),
    ],
)
def test_the_words_of_a_log_rule_name_one_endpoint(
    resource: str, words: str, found: str
) -> None:
    """
    Azure's list of alerts holds the log workspace as the target of every log alert.
    """
    second = watched(
        arm("s-1", "mlw", "loan-2"),
        scopes=("/subscriptions/s-9/resourcegroups/g" + LOGS,),
    )
    watch = listed(watched(arm("s-1", "mlw", "loan")), second)
    alert = replace(about(resource), rule="r", description=words)

    told = watch.about(alert)

    assert found == "".join(endpoint.name for endpoint in told)


def test_a_dimension_is_believed_before_the_words_of_a_rule() -> None:
    """
    The alert says that another endpoint is meant, whatever its rule is called.
    """
    alert = replace(about(OURS + LOGS, endpoint="other"), rule="errors of loan")

    assert () == listed(watched(arm("s-1", "mlw", "loan"))).about(alert)


@pytest.mark.parametrize(
    "written",
    [
        "rg-prüfung",
        "RG-PRÜFUNG",
        "rg-pru\u0308fung",
        "rg-Pr%C3%BCfung",
        "rg-pru%CC%88fung",
    ],
)
def test_a_resource_group_is_ours_however_its_letters_are_written(
    written: str,
) -> None:
    """
    Azure allows letters of any alphabet there, and its services spell them unlike.
    """
    path = arm("s-1", "mlw", "loan").replace("rg-risk", "{}")
    for listed_as in ("rg-prüfung", "RG-Pru\u0308fung"):
        loan = watched(path.format(listed_as))
        resource = arm_id(path.format(written))

        assert resource
        assert (loan,) == listed(loan).about(about(resource))


@pytest.mark.parametrize(
    "written",
    ["rg-ris\u212a", "rg%2drisk/x", "rg-risk%2f", "rg-risk\u200b", "rg-%", ".."],
)
def test_what_only_looks_like_our_resource_group_is_not_ours(written: str) -> None:
    resource = arm_id(arm("s-1", "mlw", "loan").replace("rg-risk", written))

    assert resource is None


def owned(
    name: str, owner: str, channel: str, tier: int = 2, mlw: str = "mlw"
) -> Endpoint:
    known = watched(arm("s-1", mlw, name))
    return known.model_copy(update={"owner": owner, "channel": channel, "tier": tier})


@pytest.mark.parametrize(
    ("source", "kind", "resource", "told"),
    [
        ("resource_health", "availability", OURS + PROVIDER + "MLW", "b c d"),
        ("activity_log", "platform", OURS + PROVIDER + "mlw", "b c d"),
        ("service_health", "platform", OURS + PROVIDER + "mlw-2", "e"),
        ("service_health", "platform", "/subscriptions/S-1", "b c d"),
        ("activity_log", "platform", "/subscriptions/s-1", ""),
        ("service_health", "platform", "/subscriptions/s-11", ""),
        ("service_health", "platform", OURS, ""),
        ("resource_health", "availability", OURS + PROVIDER + "ml", ""),
        ("resource_health", "availability", OURS + PROVIDER + "mlw/computes/c", ""),
        ("metric_alert", "latency", OURS + PROVIDER + "mlw", ""),
        ("own", "platform", OURS + PROVIDER + "mlw", ""),
    ],
)
def test_what_is_about_a_whole_workspace_is_told_to_each_owner_once(
    source: str, kind: Kind, resource: str, told: str
) -> None:
    """
    Ten endpoints of one team are one outage, and one card in their channel.
    """
    watch = listed(
        owned("a", "Priya", "alerts", 3),
        owned("b", "Priya", "alerts", 1),
        owned("c", "Jonas", "alerts"),
        owned("d", "Priya", "risk"),
        owned("e", "Priya", "alerts", mlw="mlw-2"),
    )
    alert = replace(about(resource), source=source, kind=kind)

    assert told == " ".join(e.name for e in watch.about(alert))
    assert () == watch.about(replace(alert, endpoint="another"))
