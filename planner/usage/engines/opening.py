"""From a URL to an open engine."""

from __future__ import annotations

import importlib
from typing import cast

from planner.usage.engines.address import Scheme, address_of
from planner.usage.engines.warehouse import TIMEOUT_S, Connect, Warehouse
from planner.usage.errors import UsageError, UsageProblem


def open_engine(url: str, timeout_s: int = TIMEOUT_S) -> Warehouse:
    """Connect to where the logs are; `timeout_s` bounds each text. Raises UsageError."""
    address = address_of(url)
    return Warehouse(address, _connect(address.scheme), timeout_s)


def _connect(scheme: Scheme) -> Connect:
    try:
        module = importlib.import_module(f"planner.usage.engines.{scheme.module}")
        importlib.import_module("sqlglot")
    except ModuleNotFoundError as error:
        remedy = f"Install it: pip install 'llm-tco-planner[{scheme.extra}]'"
        reason = f"{scheme.title} needs the package {error.name}, which is not installed"
        raise UsageError(UsageProblem("", reason, remedy)) from None
    return cast(Connect, module.connect)
