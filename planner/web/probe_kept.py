"""The measurements that this server keeps, read again only when their files have changed."""

from __future__ import annotations

import os

import streamlit as st

from planner.probe.kept import Listed, listed, measurements_folder

Signature = tuple[tuple[str, int, int], ...]


def kept_list() -> Listed:
    """Every kept measurement, the newest first, and what cannot be read. Raises ProbeError for a locked folder."""
    folder = measurements_folder()
    try:
        files = tuple(sorted((e.name, e.stat().st_mtime_ns, e.stat().st_size) for e in os.scandir(folder)))
    except OSError:
        return listed(folder)
    return _read(str(folder), files)


@st.cache_resource(max_entries=2, show_spinner=False)
def _read(folder: str, files: Signature) -> Listed:
    """Once for the same files."""
    return listed(measurements_folder())
