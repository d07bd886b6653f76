"""One module per usage format; a new format is one module here, a line in READERS, a sample file and a test."""

from planner.workload.readers.base import Reader
from planner.workload.readers.plain import PLAIN

READERS: tuple[Reader, ...] = (PLAIN,)
"""Every format, the more special one first."""
