"""Engines where logs are: the same texts, run there; only sums come back."""

from planner.usage.engines.address import SCHEMES
from planner.usage.engines.opening import open_engine
from planner.usage.engines.table import LogTable, Period, recognised_table, relation_of_table
from planner.usage.engines.warehouse import Warehouse

__all__ = [
    "SCHEMES",
    "LogTable",
    "Period",
    "Warehouse",
    "open_engine",
    "recognised_table",
    "relation_of_table",
]
