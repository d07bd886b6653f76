"""Real servers for these tests, started once and stopped at the end; everything here is marked `real`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.real.postgres_server import postgres
from tests.real.servers import Server
from tests.real.spark_server import spark
from tests.real.vllm_server import Engine, build_model
from tests.real.vllm_venv import CannotInstall, engine_python

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


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    """vLLM's Python; without one that can be installed here, its tests say why they are not run."""
    try:
        python = engine_python()
    except CannotInstall as error:
        pytest.skip(f"vLLM cannot be installed on this machine: {error}")
    return Engine(python, tmp_path_factory.mktemp("vllm"))


@pytest.fixture(scope="session")
def llama_6m(engine: Engine) -> Path:
    """For what is said and counted: an answer takes milliseconds."""
    return build_model(engine, "6m")


@pytest.fixture(scope="session")
def llama_111m(engine: Engine) -> Path:
    """For what is measured: large enough that the engine, and not its front end, sets the pace."""
    return build_model(engine, "111m")
