"""The figures that workload files quote are those of the shipped traces, measured as any usage log is."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def test_shipped_figures_equal_a_fresh_measurement() -> None:
    command = [sys.executable, str(ROOT / "scripts" / "measure_traces.py"), "--check"]
    run = subprocess.run(command, capture_output=True, text=True, env=os.environ | {"PYTHONPATH": str(ROOT)})
    assert run.returncode == 0, run.stdout + run.stderr


def test_shipped_figures_are_those_of_the_published_traces() -> None:
    measured = json.loads((ROOT / "data" / "traces" / "measured.json").read_text(encoding="utf-8"))
    assert measured["request_logs"]["azure2023_conv"]["requests"] == 19_366
    assert measured["request_logs"]["azure2023_code"]["requests"] == 8_819
    week = measured["hour_of_week"]["azure2024_conv"]["peaks"]["3600"]
    assert week["requests_to_mean"] == pytest.approx(1.65, abs=0.01)
    assert measured["rates"]["m-large"]["hours"] == 14 * 24
