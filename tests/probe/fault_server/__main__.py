"""The server as a process of its own: `python -m tests.probe.fault_server '{"slots": 8}'` prints its address."""

from __future__ import annotations

import json
import sys

from tests.probe.fault_server.faults import Faults
from tests.probe.fault_server.server import fault_server

if __name__ == "__main__":
    with fault_server(Faults(**json.loads(sys.argv[1] if len(sys.argv) > 1 else "{}"))) as running:
        print(running.url, flush=True)
        sys.stdin.read()  # runs until whoever started it closes the pipe
