"""Jobs through azure-ai-ml: look at one, and run one again under another name."""

from collections.abc import Mapping
from typing import Any

from azure.core.credentials_async import AsyncTokenCredential
from azure.core.exceptions import ResourceNotFoundError

from bot.approval.retraining import Job
from bot.azure.cloud import Cloud
from bot.azure.errors import plain_words
from bot.azure.ml import Ml
from bot.ports import Impossible

_WORDS = 80  # characters of a name that Azure tells us
_INPUTS = 6


def described(job: Any) -> Job:
    """Return an SDK job in our words, each short and on one line."""
    status = getattr(job.status, "value", job.status)
    inputs = getattr(job, "inputs", None) or {}
    return Job(
        name=str(job.name),
        status=_short(status),
        experiment=_short(getattr(job, "experiment_name", "")),
        compute=_tail(getattr(job, "compute", "")),
        environment=_tail(getattr(job, "environment", "")),
        inputs=tuple(
            f"{_short(name)}: {_tail(_path(given))}"
            for name, given in sorted(inputs.items())[:_INPUTS]
        ),
        labels={str(k): str(v) for k, v in (job.tags or {}).items()},
    )


def look(client: Any, name: str) -> Job | None:
    """Return the job `name`, None when there is none."""
    try:
        return described(client.jobs.get(name))
    except ResourceNotFoundError:
        return None


def run_again(client: Any, again: str, name: str, labels: Mapping[str, str]) -> Job:
    """Submit what `again` ran as `name`, once: a PUT of a name that is ours."""
    from azure.ai.ml.exceptions import ValidationException  # noqa: PLC0415 slow

    job = client.jobs.get(again)
    job.name = name
    job.tags = {**(job.tags or {}), **labels}
    try:
        # With the experiment named, the SDK does not try to patch a job first.
        made = client.jobs.create_or_update(job, experiment_name=job.experiment_name)
    except ValidationException as error:
        words = plain_words(str(error.no_personal_data_message or "no reason given"))
        raise Impossible(f"The job {again} cannot be run again: {words}") from error
    return described(made)


class AzureTrainer:
    """The Trainer port. `credential` may submit jobs and can move no traffic."""

    def __init__(
        self, credential: AsyncTokenCredential, cloud: Cloud | None = None
    ) -> None:
        self._cloud, self._credential = cloud or Cloud(), credential
        self._ml: dict[str, Ml] = {}

    async def job(self, workspace: str, name: str) -> Job | None:
        return await self._in(workspace).call(f"the job {name}", look, name)

    async def submit(
        self, workspace: str, again: str, name: str, labels: Mapping[str, str]
    ) -> Job:
        subject = f"the job {again}"
        return await self._in(workspace).call(subject, run_again, again, name, labels)

    def _in(self, workspace: str) -> Ml:
        made = Ml(self._cloud, self._credential, workspace)
        return self._ml.setdefault(workspace, made)


def _path(given: Any) -> str:
    return str(getattr(given, "path", given))


def _tail(text: Any) -> str:
    """Return the end of an id: "cpu-cluster", "loan-training:9", "…/data/x:1"."""
    parts = str(text or "").removeprefix("azureml:").rstrip("/").split("/")
    if len(parts) > 3 and parts[-2] == "versions":  # noqa: PLR2004
        return _short(f"{parts[-3]}:{parts[-1]}")
    return _short(parts[-1])


def _short(text: Any) -> str:
    return plain_words(str(text or ""))[:_WORDS]
