"""The command line: the same doors without a browser."""

from planner.cli.main import main

__all__ = ["main"]
