"""A log larger than the memory it may take is read all the same."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

MIB = 1 << 20
ROOT = Path(__file__).parents[2]
IMPORT = """
import resource, sys
from pathlib import Path
from planner.usage.importer import ImportRequest, import_usage

request = ImportRequest(paths=(Path(sys.argv[1]),), memory_bytes=256 << 20, threads=2)
profile = import_usage(request, Path(sys.argv[2])).profile
status = Path("/proc/self/status")  # getrusage would count what the parent held when it started this process
if status.exists():
    most_kib = next(int(line.split()[1]) for line in status.read_text().splitlines() if line.startswith("VmHWM"))
else:
    most_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(profile.total_requests, most_kib)
"""


@pytest.mark.slow
def test_three_million_rows_of_csv_take_less_than_600_mib(tmp_path: Path) -> None:
    """180 MB of text with an id and a prompt in each row; the program itself takes some 200 MiB."""
    path = tmp_path / "log.csv"
    with duckdb.connect() as connection:
        connection.execute(
            "COPY (SELECT strftime(TIMESTAMP '2026-10-01' + to_microseconds(i * 800000), '%Y-%m-%dT%H:%M:%S.%fZ') AS "
            "timestamp, 'm-' || i % 8 AS model, hash(i) % 8000 AS input_tokens, hash(i + 1) % 900 AS output_tokens, "
            "md5(i::VARCHAR) AS request_id, repeat('words ', (i % 20)::INT) AS prompt FROM range(3000000) AS r(i)) "
            f"TO '{path}' (HEADER)"
        )
    command = [sys.executable, "-c", IMPORT, str(path), str(tmp_path / "kept")]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    requests, most_kib = map(int, done.stdout.split())
    assert requests == 3_000_000
    assert most_kib * 1024 < 600 * MIB
