"""Profiles of what outgrows one machine: the job's body, as the real SDK sends it."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from azure.identity.aio import ManagedIdentityCredential
from typer.testing import CliRunner, Result

from bot.__main__ import application
from bot.azure.cloud import Cloud
from bot.azure.ml import Ml
from bot.azure.spark import SparkJob
from bot.ports import Impossible
from bot.simulator.azure import jobs
from bot.simulator.azure.arm import key
from bot.simulator.identity import ANALYST, READER
from bot.simulator.scenarios._workspace import WORKSPACE
from bot.simulator.world import World
from tests.azure.conftest import Sim

STORE = "azureml://datastores/workspaceblobstore/paths"
JOB = SparkJob(
    name="profile-20261123",
    code=f"{WORKSPACE}/codes/watchkeeper/versions/1",
    environment=f"{WORKSPACE}/environments/watchkeeper/versions/1",
    data=f"{STORE}/inference/2026/11/23/",
    profile=f"{STORE}/profiles/20261123/",
    categorical=("branch", "purpose"),
)
PATH = key(f"{WORKSPACE}/jobs/{JOB.name}")


@pytest.fixture
async def ml(
    cloud: Cloud, sim: Sim, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Ml]:
    """Return the workspace as somebody sees it who may submit jobs."""
    monkeypatch.setenv("IDENTITY_ENDPOINT", sim.url + "/msi/token")
    monkeypatch.setenv("IDENTITY_HEADER", f"secret of {ANALYST}")
    credential = ManagedIdentityCredential(client_id=ANALYST, retry_total=0)
    yield Ml(cloud, credential, WORKSPACE)
    await credential.close()


async def test_a_profile_is_made_on_serverless_spark(
    ml: Ml, sim: Sim, world: World
) -> None:
    """
    A month of inference data does not fit here; only its profile comes back.
    """
    jobs.plan(world, seconds=60)
    states = [await ml.submit(JOB), await ml.job(JOB.name)]
    world.put("run", PATH, {"seconds": 60, "started": 0, "outcome": "Completed"})
    states.append(await ml.job(JOB.name))

    assert ["Queued", "Queued", "Completed"] == states
    assert 1 == len(sim.seen("PUT", f"/jobs/{JOB.name}"))
    told = (world.get("arm", PATH) or {})["properties"]
    assert {
        "jobType": "Spark",
        "codeId": JOB.code,
        "environmentId": JOB.environment,
        "entry": {
            "sparkJobEntryType": "SparkJobPythonEntry",
            "file": "bot/signals/on_spark.py",
        },
        "resources": {"instanceType": "standard_e4s_v3", "runtimeVersion": "3.5"},
        "identity": {"identityType": "Managed"},
    }.items() <= told.items()
    assert {"uri": JOB.data, "mode": "Direct"}.items() <= (
        told["inputs"]["data"].items()
    )
    assert told["args"].endswith("--categorical branch,purpose")


async def test_a_job_is_sent_once_however_often_it_is_asked_for(ml: Ml) -> None:
    """
    A worker that was killed after the PUT sends it again: the same name, the same job.
    """
    await ml.submit(JOB)
    await ml.submit(JOB)

    with pytest.raises(Impossible, match=f"the job {JOB.name}"):
        await ml.submit(replace(JOB, categorical=()))


async def test_the_command_starts_the_job_and_then_says_how_it_stands(
    sim: Sim, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    A pipeline calls it until the job is done, and stores the profile that it left.
    """
    for name in ("MANAGEMENT", "LOGS"):
        monkeypatch.setenv(f"WATCHKEEPER_AZURE_{name}_URL", sim.url)
    monkeypatch.setenv("WATCHKEEPER_TRAINER_CLIENT_ID", ANALYST)
    monkeypatch.setenv("IDENTITY_ENDPOINT", sim.url + "/msi/token")
    monkeypatch.setenv("IDENTITY_HEADER", f"secret of {ANALYST}")
    typed = ["profile", JOB.data, "--engine=azureml", f"--at={WORKSPACE}"]
    full = [f"--job={JOB.name}", f"--code={JOB.code}", f"--result={JOB.profile}"]
    full += [f"--environment={JOB.environment}", "--numerical=age"]

    async def run(*more: str) -> Result:
        return await asyncio.to_thread(
            CliRunner().invoke, application(), [*typed, *more]
        )

    jobs.plan(world, seconds=60)
    first = await run(*full)
    world.put("run", PATH, {"seconds": 60, "started": 0, "outcome": "Completed"})
    again = await run(*full)
    other, lacking = await run(*full, "--categorical=a;rm"), await run()

    assert (0, f"{JOB.name} Queued\n") == (first.exit_code, first.stdout)
    assert (0, f"{JOB.name} Completed\n") == (again.exit_code, again.stdout)
    assert (2, 2) == (other.exit_code, lacking.exit_code)
    assert "rename the column" in other.stderr
    assert lacking.stderr.startswith("watchkeeper profile: --engine azureml takes --at")
    told = (world.get("arm", PATH) or {})["properties"]
    assert told["args"].endswith("--numerical age")


async def test_the_bots_reader_may_not_submit(
    cloud: Cloud, identities: dict[str, ManagedIdentityCredential]
) -> None:
    reader = Ml(cloud, identities[READER], WORKSPACE)

    with pytest.raises(Impossible):
        await reader.submit(JOB)
