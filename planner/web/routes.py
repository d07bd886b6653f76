"""Where the pages are; links between them use these."""

from pathlib import Path

PAGES = Path(__file__).resolve().parents[2] / "pages"
DECIDE = PAGES / "decide.py"
SCENARIOS = PAGES / "scenarios.py"
CATALOG = PAGES / "catalog.py"
WORKLOAD = PAGES / "workload.py"
PROBE = PAGES / "probe.py"
VIEW = PAGES / "view.py"
