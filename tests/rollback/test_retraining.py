"""A decision to train again: asked, approved by a second person, submitted once, followed.

The jobs are those of the simulated workspace, through the real azure-ai-ml.
"""

from typing import Any

import pytest

from bot.simulator.identity import EXECUTOR, IDENTITY, READER, TRAINER
from bot.simulator.scenarios._workspace import TRAINING, WORKSPACE
from tests.house import QUIET, House, Opened

NAME = "loan-prescreening"
ARM = "https://management.azure.com"


def submitted(house: House) -> dict[str, dict[str, Any]]:
    """Return the jobs that the workspace has besides those it began with."""
    jobs = {k.rsplit("/", 1)[-1]: d for k, d in house.world.all("arm") if "/jobs/" in k}
    return {k: d["properties"] for k, d in jobs.items() if k.startswith("watchkeeper-")}


def puts(house: House) -> list[dict[str, Any]]:
    return house.requests("PUT", "/jobs/")


async def decided(house: House) -> Any:
    """From the alert to the owner's decision; return the card that asks for approval."""
    await house.alert("latency", deployment="blue")
    await house.say("priya", "decide A-1 retrain the applicants are others by now")
    return await house.shown("Train loan-prescreening:14 again")


async def test_approved_the_job_runs_once_and_is_followed(house: House) -> None:
    await house.sim_post("azure/jobs", seconds=5)
    card = await decided(house)
    assert TRAINING in str(card)
    assert "cpu-cluster" in str(card)
    assert "no traffic is moved" in str(card)
    assert [] == puts(house)

    await house.press("mei", "Approve retraining")
    await house.shown("is under way since")
    await house.shown("The new model serves nothing until somebody deploys it")

    [(name, job)] = submitted(house).items()
    assert {
        "watchkeeper.incident": "A-1",
        "watchkeeper.request": "R-1",
        "watchkeeper.endpoint": NAME,
        "watchkeeper.model": "loan-prescreening:14",
        "watchkeeper.thresholds": "P95 latency 250 ms; availability 0.999",
    }.items() <= job["tags"].items()
    assert "python train.py --data ${{inputs.applications}}" == job["command"]
    assert ["trainer"] == [r["principal"] for r in puts(house)]
    ended = await house.event("RetrainingEnded")
    assert (name, "Completed") == (ended["job"], ended["status"])
    page = await (await house.session.get(f"{house.bot}/evidence/A-1")).text()
    assert "Retraining R-1" in page
    assert f"Submitted as<dd>{name}" in page
    assert "watchkeeper.model: loan-prescreening:14" in page
    assert {"blue": 90, "green": 10} == await house.traffic()


async def test_who_decided_cannot_approve_it(build: Opened) -> None:
    def priya_approves(listed: dict[str, Any]) -> None:
        listed["endpoints"][0]["approval"] = {}
        for person in listed["people"]:
            person["roles"] = [*person["roles"], "approver"]

    house = await build(endpoint=QUIET, watch=priya_approves)
    await decided(house)

    said = await house.press("priya", "Approve retraining")

    assert "someone else has to approve it" in said["value"]
    assert "RetrainingApproved" not in await house.types()


async def test_a_rollback_is_not_held_up_by_a_retraining(house: House) -> None:
    """
    Traffic has to be moved in minutes, a training takes hours.
    """
    await house.sim_post("azure/jobs", outcome="stuck")
    await decided(house)
    await house.press("mei", "Approve retraining")
    await house.shown("is under way since")

    await house.press("jonas", "Request rollback", reason="13 copes")
    await house.shown("Approve rollback")
    await house.press("mei", "Approve rollback")
    card = await house.shown("Rolled back")

    assert "Retraining R-1 is under way" in str(card)
    assert {"green": 100} == await house.traffic()


async def test_two_requests_wait_side_by_side(house: House) -> None:
    await decided(house)
    await house.say("jonas", "rollback A-1 13 copes")
    card = await house.shown("Approve rollback")
    assert "Retraining R-1 waits for approval too" in str(card)
    await house.say("jonas", "approvals")
    await house.told("2 requests to decide")

    await house.say("mei", "approve R-1")
    await house.shown("is under way since")
    await house.say("mei", "approve R-2")
    await house.shown("Rolled back")

    assert 1 == len(submitted(house))


@pytest.mark.parametrize("outcome", ["Failed", "Canceled"])
async def test_a_job_that_ends_badly_is_told_so(house: House, outcome: str) -> None:
    await house.sim_post("azure/jobs", seconds=0.2, outcome=outcome)
    await decided(house)
    await house.press("mei", "Approve retraining")

    await house.event("RetrainingEnded")
    words = {"Failed": "failed. The model", "Canceled": "cancelled in Azure ML"}
    card = await house.shown(words[outcome])

    assert "is under way" not in str(card)
    assert 1 == len(submitted(house))


async def test_it_is_rejected_withdrawn_or_runs_out(build: Opened) -> None:
    house = await build(endpoint={**QUIET, "approval": {"valid_minutes": 0.1}})
    await decided(house)
    await house.press("mei", "Reject", reason="wait for the new labels")
    await house.shown("Retraining R-1 was rejected by Mei Chen")

    await house.say("sam", "decide A-1 retrain labels are there")
    await house.shown("R-2")
    await house.say("priya", "withdraw R-2 not mine")
    await house.told("Only Sam Okafor can withdraw R-2")
    await house.say("sam", "withdraw R-2 too early")
    await house.shown("Retraining R-2 was withdrawn")

    await house.say("sam", "decide A-1 retrain now they are")
    await house.shown("R-3")
    await house.shown("Retraining R-3 expired: nobody decided in time")
    assert [] == puts(house)


# -- the world is not as it was --------------------------------------------------------


async def test_without_a_job_in_the_watch_list_nothing_is_asked(build: Opened) -> None:
    house = await build(endpoint={**QUIET, "retraining": None})
    await house.alert("latency")

    await house.say("priya", "decide A-1 retrain the applicants are others by now")

    await house.shown("the watch list names no job that trains this model")
    assert "DecisionRecorded" in await house.types()


async def test_a_job_that_is_not_there_is_told_before_anybody_is_asked(
    build: Opened,
) -> None:
    house = await build(endpoint={**QUIET, "retraining": {"job": "gone"}})
    await house.alert("latency")

    await house.say("priya", "decide A-1 retrain the applicants are others by now")

    await house.shown("Azure knows no job gone")

    assert {} == submitted(house)
    assert [] == puts(house)


async def test_another_model_by_now_ends_the_request(house: House) -> None:
    await decided(house)
    path = f"{WORKSPACE}/onlineendpoints/{NAME}/deployments/blue".lower()
    blue = house.world.get("arm", path)
    assert blue is not None
    model = f"{WORKSPACE}/models/loan-prescreening/versions/15"
    properties = {**blue["properties"], "model": model}
    house.world.put("arm", path, {**blue, "properties": properties})

    await house.press("mei", "Approve retraining")

    await house.shown("blue runs loan-prescreening:15 by now")
    assert [] == puts(house)


async def test_the_executor_asks_again_who_may(build: Opened) -> None:
    """
    Mei approved it; while the executor was away she lost the role.
    """
    house = await build(endpoint=QUIET)
    await decided(house)
    await house.stop("execute")
    await house.press("mei", "Approve retraining")
    await house.event("RetrainingApproved")
    people = [
        p.model_copy(update={"roles": ("viewer",)}) if p.name == "Mei Chen" else p
        for p in house.watch.people
    ]
    house.watch = house.watch.model_copy(update={"people": tuple(people)})

    await house.start("execute")

    await house.shown("0 of 1 approvals count by now")
    assert [] == puts(house)


async def test_without_an_identity_for_it_nothing_is_submitted(build: Opened) -> None:
    house = await build(endpoint=QUIET, trainer_client_id="")
    await decided(house)
    await house.press("mei", "Approve retraining")

    await house.shown("TRAINER_CLIENT_ID")
    assert [] == puts(house)


# -- Azure fails -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "fault",
    [{"status": 429}, {"status": 503}, {"drop": "before"}, {"drop": "after"}],
    ids=["429", "503", "lost", "lost-answer"],
)
async def test_a_doubtful_submission_is_looked_for_first(
    house: House, fault: dict[str, Any]
) -> None:
    """
    Whether Azure took it or not: there is one job in the end.
    """
    await house.sim_post("azure/jobs", outcome="stuck")
    await decided(house)
    await house.fail("PUT", "/jobs/", **fault)
    await house.press("mei", "Approve retraining")

    await house.shown("is under way since")

    assert 1 == len(submitted(house))
    arrived = 1 if fault.get("drop") == "after" else 2
    assert arrived == len(puts(house))


async def test_a_refused_submission_is_told(house: House) -> None:
    await decided(house)
    await house.fail("PUT", "/jobs/", status=403)
    await house.press("mei", "Approve retraining")

    card = await house.shown("did not start")

    assert "nothing was submitted: Our identity may not do that" in str(card)
    assert {} == submitted(house)


async def test_a_job_that_vanishes_is_not_called_done(house: House) -> None:
    await house.sim_post("azure/jobs", outcome="stuck")
    await decided(house)
    await house.press("mei", "Approve retraining")
    await house.shown("is under way since")
    [name] = submitted(house)
    house.world.delete("arm", f"{WORKSPACE}/jobs/{name}".lower())

    card = await house.shown("Azure knows the job no more")

    assert "is under way" not in str(card)
    assert "succeeded" not in str(card).lower()


async def test_the_executor_may_die_around_the_submission(house: House) -> None:
    await house.sim_post("azure/jobs", outcome="stuck")
    await decided(house)
    await house.fail("PUT", "/jobs/", delay_s=0.4)
    await house.press("mei", "Approve retraining")
    await house.event("RetrainingStarted")
    await house.crash("execute")
    await house.start("execute")

    await house.shown("is under way since")

    assert 1 == len(submitted(house))


@pytest.mark.parametrize(
    ("client", "path", "expected"),
    [
        (READER, "jobs/mine", 403),
        (EXECUTOR, "jobs/mine", 403),
        (TRAINER, f"onlineEndpoints/{NAME}", 403),
    ],
)
async def test_identities_are_kept_apart(
    house: House, client: str, path: str, expected: int
) -> None:
    token = house.sim[IDENTITY].access_token(client, ARM)
    url = f"{house.cloud}{WORKSPACE}/{path}"
    headers = {"Authorization": f"Bearer {token}"}
    async with house.session.put(url, json={}, headers=headers) as answer:
        assert expected == answer.status
