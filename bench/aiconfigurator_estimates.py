"""Runs inside aiconfigurator's own environment: cases in on stdin, its estimates and their seconds out on stdout.

One JSON object a line both ways. Knows nothing of the project; an estimate that fails comes back with its reason.
"""

import contextlib
import io
import json
import logging
import sys
import time
import warnings

warnings.simplefilter("ignore")
logging.disable(logging.CRITICAL)

from aiconfigurator.cli.api import cli_estimate  # noqa: E402


def estimate(case: dict[str, object]) -> dict[str, object]:
    """Mean TTFT and TPOT, ms, and the seconds that the call took."""
    started = time.perf_counter()
    try:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            found = cli_estimate(**case)
    except Exception as problem:
        return {"error": f"{type(problem).__name__}: {problem}"[:200], "s": time.perf_counter() - started}
    return {"ttft_ms": float(found.ttft), "tpot_ms": float(found.tpot), "s": time.perf_counter() - started}


for line in sys.stdin:
    print(json.dumps(estimate(json.loads(line))), flush=True)
