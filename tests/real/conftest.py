"""Real servers for these tests, started once and stopped at the end; everything here is marked `real`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.real.postgres_server import postgres
from tests.real.servers import Server
from tests.real.spark_server import spark

HERE = Path(__file__).resolve().parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark everything here as `real`."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.real)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Server]:
    """PostgreSQL, shared by all tests."""
    with postgres() as server:
        yield server


@pytest.fixture(scope="session")
def spark_server() -> Iterator[Server]:
    """Spark Connect, shared by all tests."""
    with spark() as server:
        yield server
