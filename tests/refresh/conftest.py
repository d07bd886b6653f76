"""What tests of the refresh share: a server on this machine, the shipped catalog, an empty folder of our own."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest

from planner.catalog.catalog import Catalog, load
from tests.refresh.loopback import Loopback, loopback


@pytest.fixture
def server() -> Iterator[Loopback]:
    with loopback() as running:
        yield running


@pytest.fixture(scope="session")
def catalog() -> Catalog:
    return load()


@pytest.fixture
def on() -> dt.date:
    return dt.date(2026, 11, 21)
