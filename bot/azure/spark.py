"""Profiles of data that outgrows this machine: a job on Azure ML's serverless Spark.

The job runs `bot.signals.on_spark` where the data is; a few kilobytes a column come
back. Its code is a registered code asset (`az ml` or the release pipeline uploads it),
so that submitting it uploads nothing and needs no right to write to storage.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

_NAME = re.compile(r"[A-Za-z0-9_.-]+")
_CONF: Mapping[str, str] = {"spark.sql.ansi.enabled": "false"}


@dataclass(frozen=True, slots=True, kw_only=True)
class SparkJob:
    """What to profile, and on what.

    Raises:
        ValueError: a column's name cannot stand in a command line.
    """

    name: str  # of the job; the same name is the same job, however often it is sent
    code: str  # ARM id of the code asset that holds our package
    environment: str  # ARM id or "azureml:name:version": Python 3.11, pyarrow, ibis
    data: str  # azureml://… or abfss://… folder of Parquet files
    profile: str  # azureml://… folder that the profile is written to
    numerical: tuple[str, ...] = ()
    categorical: tuple[str, ...] = ()
    instance_type: str = "standard_e4s_v3"
    runtime: str = "3.5"
    executors: int = 2
    conf: Mapping[str, str] = field(default_factory=lambda: _CONF)

    def __post_init__(self) -> None:
        for name in (*self.numerical, *self.categorical):
            if not _NAME.fullmatch(name):  # it becomes part of a command line
                raise ValueError(f"{name!r} cannot be told to a job: rename the column")


def build(asked: SparkJob) -> Any:
    """Return the job as azure-ai-ml has it."""
    from azure.ai.ml import Input, Output, spark  # noqa: PLC0415 (seconds to import)

    told = {"numerical": asked.numerical, "categorical": asked.categorical}
    chosen = "".join(f" --{k} {','.join(names)}" for k, names in told.items() if names)
    return spark(
        name=asked.name,
        display_name=f"profile of {asked.data.rstrip('/').rsplit('/', 1)[-1]}",
        experiment_name="watchkeeper-profiles",
        code=asked.code,
        entry={"file": "bot/signals/on_spark.py"},
        environment=asked.environment,
        args="--data ${{inputs.data}} --profile ${{outputs.profile}}" + chosen,
        inputs={"data": Input(type="uri_folder", path=asked.data, mode="direct")},
        outputs={
            "profile": Output(type="uri_folder", path=asked.profile, mode="direct")
        },
        driver_cores=4,
        driver_memory="28g",
        executor_cores=4,
        executor_memory="28g",
        executor_instances=asked.executors,
        resources={
            "instance_type": asked.instance_type,
            "runtime_version": asked.runtime,
        },
        identity={"type": "managed_identity"},
        conf=dict(asked.conf),
    )


def submit(client: Any, asked: SparkJob) -> str:
    """Send the job with an `MLClient` and return its state ("Queued" …)."""
    return _state(client.jobs.create_or_update(build(asked)))


def status(client: Any, name: str) -> str:
    """Return how the job stands: "Queued", "Running", "Completed", "Failed" …"""
    return _state(client.jobs.get(name))


def _state(job: Any) -> str:
    return str(getattr(job.status, "value", job.status))
