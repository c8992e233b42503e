"""What a Spark job runs: `python -m bot.signals.on_spark --data … --profile …`.

One query a column, by Ibis; only the profile, some kilobytes a column, is written.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

from bot.signals import pushdown

NAME = "table.profile"


def main(arguments: Sequence[str] | None = None) -> None:
    """Profile Parquet files with the Spark session there is, or a new one."""
    import ibis  # noqa: PLC0415 (the extra "spark")
    from pyspark.sql import SparkSession  # noqa: PLC0415

    told = argparse.ArgumentParser(description=__doc__)
    told.add_argument("--data", required=True, help="folder of Parquet files")
    told.add_argument("--profile", required=True, help="folder to write to")
    told.add_argument("--numerical", default="", help="columns, by commas")
    told.add_argument("--categorical", default="", help="columns, by commas")
    asked = told.parse_args(arguments)
    connection = ibis.pyspark.connect(SparkSession.builder.getOrCreate())
    table = connection.read_parquet(asked.data)
    numerical, categorical = (
        tuple(filter(None, names.split(",")))
        for names in (asked.numerical, asked.categorical)
    )
    made = pushdown.profile(table, numerical=numerical, categorical=categorical)
    folder = Path(asked.profile)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / NAME).write_bytes(made.to_bytes())


if __name__ == "__main__":
    main()
