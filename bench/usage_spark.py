"""PySpark's side of the comparison."""

from __future__ import annotations

import os
from pathlib import Path

import pyarrow as pa


def rolled_up(folder: Path, sums: tuple[str, ...], minute_us: int) -> pa.Table:
    """The rollup by Spark SQL in local mode."""
    from pyspark.sql import SparkSession

    os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    spark = (
        SparkSession.builder.master("local[2]")
        .config("spark.ui.enabled", "false")
        .config("spark.ui.showConsoleProgress", "false")
        .config("spark.driver.memory", "2g")
        .config("spark.sql.session.timeZone", "UTC")
        .getOrCreate()
    )
    spark.sparkContext.setLogLevel("ERROR")
    spark.read.parquet(str(folder)).createOrReplaceTempView("requests")
    summed = ", ".join(f"SUM({name}) AS {name}" for name in sums)
    text = (
        f"SELECT unix_micros(CAST(timestamp AS TIMESTAMP)) DIV {minute_us} * {minute_us} AS minute_us, model, "
        f"COUNT(*) AS requests, {summed} FROM requests GROUP BY 1, 2"
    )
    table = spark.sql(text).toArrow()
    spark.stop()
    return table
