"""What a Spark job runs: `python -m bot.signals.on_spark --data … --profile …`.

One query a column, by Ibis; only the profile, some kilobytes a column, is written.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

NAME = "table.profile"


def main(arguments: Sequence[str] | None = None) -> None:
    """Profile Parquet files with the Spark session there is, or a new one."""
    import ibis  # noqa: PLC0415 (the extra "spark")
    from pyspark.sql import SparkSession  # noqa: PLC0415

    from bot.signals import pushdown  # noqa: PLC0415 (once it can be found)

    told = argparse.ArgumentParser(description=__doc__)
    told.add_argument("--data", required=True, help="folder of Parquet files")
    told.add_argument("--profile", required=True, help="folder to write to")
    told.add_argument("--numerical", default="", help="columns, by commas")
    told.add_argument("--categorical", default="", help="columns, by commas")
    asked = told.parse_args(arguments)
    session = SparkSession.builder.getOrCreate()
    table = ibis.pyspark.connect(session).read_parquet(asked.data, mergeSchema="true")
    numerical, categorical = (
        tuple(filter(None, names.split(",")))
        for names in (asked.numerical, asked.categorical)
    )
    made = pushdown.profile(table, numerical=numerical, categorical=categorical)
    _write(session, asked.profile, made.to_bytes())


def _write(session: "SparkSession", folder: str, content: bytes) -> None:
    """Write to a folder of the machine, or where an address says that Spark can reach.

    A job's output is an address (azureml://, abfss://): no path of the driver.
    """
    if "://" not in folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
        (Path(folder) / NAME).write_bytes(content)
        return
    context = session.sparkContext
    java: Any = context._jvm  # noqa: SLF001 (the only way to Hadoop's file systems)
    path = java.org.apache.hadoop.fs.Path(f"{folder.rstrip('/')}/{NAME}")
    system = path.getFileSystem(context._jsc.hadoopConfiguration())  # noqa: SLF001
    stream = system.create(path, True)  # noqa: FBT003 (overwrites; Java has no names)
    stream.write(bytearray(content))
    stream.close()


if __name__ == "__main__":
    # Spark starts the file, whose own folder is then the first that is looked in.
    sys.path[0] = str(Path(__file__).resolve().parents[2])
    main()
