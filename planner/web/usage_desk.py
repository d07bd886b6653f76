"""What a session has on its desk on the page Workload: an import that runs, files that were not understood, words."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import streamlit as st
from streamlit import runtime
from streamlit.runtime.scriptrunner import get_script_run_ctx

from planner.domain.usage import UsageProfile
from planner.usage.errors import UsageError, UsageProblem
from planner.usage.importer import Imported
from planner.usage.kept import PROFILE, read_profile, usage_folder
from planner.web.usage_job import Job
from planner.web.usage_uploads import Uploads
from planner.web.usage_work import NotRecognised

DESK = "usage-desk"
PROFILE_ID = re.compile(r"[0-9a-f]{16}")
IMPORT_PARAMETER = "import"
"""`?import=<profile_id>` is one kept import."""


@dataclass
class Desk:
    """This session's import. `epoch` changes when files have been taken, so that the file box starts empty."""

    job: Job[Imported] | None = None
    uploads: Uploads | None = None
    problems: tuple[UsageProblem, ...] = ()
    unread: tuple[Path, ...] = ()
    """Files here that no format fits."""
    told: str = ""
    typed: dict[str, Any] = field(default_factory=dict)
    """What the boxes held when the import began: they are not drawn while it runs, and would be empty after it."""
    epoch: int = 0

    def clear(self) -> None:
        """Nothing waits any more; uploaded files go."""
        if self.uploads is not None:
            self.uploads.close()
        self.uploads, self.unread, self.problems = None, (), ()

    def settle(self) -> str | None:
        """Take what an import that has ended brought: the profile to show, or words and problems."""
        job = self.job
        if job is None or job.state == "running":
            return None
        self.job = None
        if job.state == "failed":
            self._failed(job)
            return None
        self.clear()
        if job.result is None:
            self.told = "The import was stopped, and nothing half-read is kept as a result."
            return None
        self.typed = {}
        self.told = "Imported, and kept on this server."
        return job.result.profile.profile_id

    def _failed(self, job: Job[Imported]) -> None:
        """Files that have to be mapped, or mapped otherwise, stay."""
        if isinstance(job.error, NotRecognised):
            self.unread = job.error.paths
        if not self.unread:
            self.clear()
        self.problems = job.problems


def desk() -> Desk:
    """This session's desk."""
    found: Desk = st.session_state.setdefault(DESK, Desk())
    return found


def presence() -> Presence:
    """A question that a thread can ask later: is the session that made it still connected?"""
    context = get_script_run_ctx()
    return Presence(context.session_id if context is not None else "")


@dataclass(frozen=True)
class Presence:
    """Whether a session is connected; never without a server, as in a test."""

    session_id: str

    def __call__(self) -> bool:
        """Ask now, from any thread."""
        return runtime.exists() and runtime.get_instance().is_active_session(self.session_id)


def kept_import(profile_id: str) -> UsageProfile | None:
    """One kept import; None when this server has none of that name, or cannot read it."""
    if not PROFILE_ID.fullmatch(profile_id):
        return None
    try:
        return read_profile(usage_folder() / profile_id / PROFILE)
    except UsageError:
        return None


def opened() -> str | None:
    """The import that the address names."""
    return st.query_params.get(IMPORT_PARAMETER)


def open_import(profile_id: str) -> None:
    """Show one import from now on."""
    st.query_params[IMPORT_PARAMETER] = profile_id


def close_import() -> None:
    """Back to the beginning of the page."""
    st.query_params.pop(IMPORT_PARAMETER, None)
