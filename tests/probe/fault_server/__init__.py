"""An OpenAI-compatible server on this machine whose pace, counters and faults a test sets. Standard library only."""

from tests.probe.fault_server.faults import Faults
from tests.probe.fault_server.server import FaultServer, Request, fault_server, separate_fault_server

__all__ = ["FaultServer", "Faults", "Request", "fault_server", "separate_fault_server"]
