"""Profiles that `watchkeeper profile` has made where the data is."""

import asyncio
import os
import re
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    import ibis
    from azure.core.credentials import TokenCredential

    from bot.azure.cloud import Cloud
    from bot.azure.spark import SparkJob
    from bot.signals import TableProfile
    from bot.signals.kql import Ask

Engine: TypeAlias = Literal["here", "duckdb", "spark", "logs", "explorer", "azureml"]

_WORKSPACE = re.compile(
    r"/subscriptions/[^/]+/resourceGroups/[^/]+/providers"
    r"/Microsoft.MachineLearningServices/workspaces/[^/]+",
    re.IGNORECASE,
)
_EXTRA = {"duckdb": "pushdown", "spark": "spark"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Elsewhere:
    """The options of the command, as they were typed."""

    data: str
    engine: Engine
    at: str = ""
    start: str = ""
    end: str = ""
    time: str = "TimeGenerated"
    numerical: Sequence[str] = ()
    categorical: Sequence[str] = ()

    def made(self, like: "TableProfile | None") -> "TableProfile":
        """Return the profile.

        Raises:
            ValueError: an option is missing, or who was asked cannot answer; one line.
        """
        if self.engine in ("logs", "explorer"):
            return self._asked(like)
        return self._pushed(like)

    def submitted(self, job: str, code: str, environment: str, result: str) -> str:
        """Start the job on Azure ML's serverless Spark, once; return how it stands.

        Raises:
            ValueError: an option is missing, or Azure ML refuses; one line.
        """
        from bot.azure.spark import SparkJob  # noqa: PLC0415
        from bot.ports import Impossible, Unavailable  # noqa: PLC0415

        if not all((self.at, job, code, environment, result)):
            options = "--at, --job, --code, --environment and --result"
            raise ValueError(f"--engine azureml takes {options}")
        if not _WORKSPACE.fullmatch(self.at):
            raise ValueError(f"--at takes the ARM id of a workspace, not {self.at!r}")
        asked = SparkJob(
            name=job,
            code=code,
            environment=environment,
            data=self.data,
            profile=result,
            numerical=tuple(self.numerical),
            categorical=tuple(self.categorical),
        )
        try:
            return asyncio.run(_sent(self.at, asked))
        except (Impossible, Unavailable) as error:
            raise ValueError(str(error)) from error

    def _pushed(self, like: "TableProfile | None") -> "TableProfile":
        try:
            from bot.signals import pushdown  # noqa: PLC0415 (extras)

            table = self._table()
        except ModuleNotFoundError as error:
            extra = f"pip install 'watchkeeper[{_EXTRA[self.engine]}]'"
            raise ValueError(f"{error.name} is not installed: {extra}") from None
        return pushdown.profile(
            table, like=like, numerical=self.numerical, categorical=self.categorical
        )

    def _table(self) -> "ibis.Table":
        import ibis  # noqa: PLC0415

        if self.engine == "duckdb":
            database = ibis.duckdb.connect()
            folder = self.data.rstrip("/")
            where = f"{folder}/**/*.parquet" if os.path.isdir(folder) else self.data  # noqa: PTH112 (it may be an address)
            if where.endswith((".csv", ".csv.gz", ".tsv")):
                return database.read_csv(where)
            return database.read_parquet(where, union_by_name=True)
        from pyspark.sql import SparkSession  # noqa: PLC0415

        spark = ibis.pyspark.connect(SparkSession.builder.getOrCreate())
        return spark.read_parquet(self.data, mergeSchema="true")

    def _asked(self, like: "TableProfile | None") -> "TableProfile":
        from bot.ports import Impossible, Unavailable  # noqa: PLC0415
        from bot.signals import kql  # noqa: PLC0415

        if not (self.at and self.start and self.end):
            raise ValueError(f"--engine {self.engine} takes --at, --from and --to")
        rows = kql.Rows(table=self.data, start=self.start, end=self.end, time=self.time)
        try:
            return kql.profile(
                self._ask(),
                rows,
                like=like,
                numerical=self.numerical,
                categorical=self.categorical,
            )
        except (Impossible, Unavailable) as error:
            raise ValueError(str(error)) from error

    def _ask(self) -> "Ask":
        from bot.azure import tables  # noqa: PLC0415

        if self.engine == "logs":
            return tables.log_analytics(_credential(), _cloud(), self.at)
        cluster, slash, database = self.at.rpartition("/")
        if not slash or not database or "://" not in cluster:
            raise ValueError("--at takes https://cluster.kusto.windows.net/database")
        return tables.data_explorer(_credential(), cluster, database)


def _cloud() -> "Cloud":
    from bot.azure.cloud import PUBLIC_LOGS, PUBLIC_MANAGEMENT, Cloud  # noqa: PLC0415

    return Cloud(
        _told("AZURE_MANAGEMENT_URL", PUBLIC_MANAGEMENT),
        _told("AZURE_LOGS_URL", PUBLIC_LOGS),
    )


async def _sent(workspace: str, asked: "SparkJob") -> str:
    from bot.azure.identity import credential  # noqa: PLC0415
    from bot.azure.ml import Ml  # noqa: PLC0415

    async with AsyncExitStack() as stack:
        trainer = credential(_told("TRAINER_CLIENT_ID"), stack)
        return await Ml(_cloud(), trainer, workspace).submit(asked)


def _credential() -> "TokenCredential":
    from bot.azure.identity import blocking  # noqa: PLC0415

    return blocking(_told("READER_CLIENT_ID"))


def _told(name: str, usual: str = "") -> str:
    """Return one of the service's settings: a table needs no watch list to be read."""
    return os.environ.get(f"WATCHKEEPER_{name}", usual)
