"""What a session has on its desk on the page Probe: what it watches, what was told, what went wrong."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import streamlit as st

from planner.probe.errors import ProbeError
from planner.probe.kept import measurements_folder
from planner.probe.targets import targets_file
from planner.web.probe_job import REGISTRY, ProbeJob

DESK = "probe-desk"
MEASUREMENT_ID = re.compile(r"[0-9a-f]{16}")
PARAMETER = "m"
"""`?m=<measurement_id>` is one kept measurement."""


@dataclass
class Desk:
    """This session's part. `epoch` changes when files have been taken, so that the file box starts empty."""

    watched: set[str] = field(default_factory=set)
    """Probes that this session has seen running."""
    told: str = ""
    problems: tuple[str, ...] = ()
    """Why nothing was started or imported: plain text, not yet escaped."""
    heading: str = ""
    """What the problems are about."""
    epoch: int = 0

    def wrong(self, heading: str, *problems: str) -> None:
        """Say what went wrong, with the way out."""
        self.heading, self.problems, self.told = heading, problems, ""

    def well(self, told: str) -> None:
        """Say what was done."""
        self.told, self.heading, self.problems = told, "", ()


def desk() -> Desk:
    """This session's desk."""
    found: Desk = st.session_state.setdefault(DESK, Desk())
    return found


def opened() -> str | None:
    """The measurement that the address names."""
    return st.query_params.get(PARAMETER)


def open_measurement(measurement_id: str) -> None:
    """Show one measurement from now on."""
    st.query_params[PARAMETER] = measurement_id


def close_measurement() -> None:
    """Back to the beginning of the page."""
    st.query_params.pop(PARAMETER, None)


def words_of(error: ProbeError) -> str:
    """Message and remedy, without the folders of this server."""
    text = f"{error.message} {error.remedy}"
    for place in (measurements_folder(), targets_file()):
        text = text.replace(str(place), place.name)
    return text


def settle() -> None:
    """Take what probes that this session watched have brought: their measurement opens, or words say why none."""
    current = desk()
    for job_id in tuple(current.watched):
        job = REGISTRY.find(job_id)
        if job is not None and job.state == "running":
            continue
        current.watched.discard(job_id)
        if job is not None:
            _ended(current, job)


def _ended(current: Desk, job: ProbeJob) -> None:
    name = job.asked.name
    if job.error is not None:
        current.wrong(f"The probe of {name} ended", words_of(job.error))
    elif job.state == "stopped":
        current.well(f"The probe of {name} was stopped. What was measured until then is kept.")
    else:
        current.well(f"The probe of {name} is done, and kept on this server.")
    if job.kept is not None:
        open_measurement(job.kept.measurement_id)
