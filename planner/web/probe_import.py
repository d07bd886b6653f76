"""A result that was made elsewhere: our own document, or one of another tool, with what it does not say."""

from __future__ import annotations

import json
from collections.abc import Sequence

import streamlit as st
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.uploaded_file_manager import UploadedFile

from planner.capacity.measurement.document import MeasurementError, read_measurement
from planner.domain.measurement import Declared, Measurement
from planner.format import plural
from planner.probe.errors import ProbeError
from planner.probe.imports import merged, read_result
from planner.probe.kept import keep
from planner.web.probe_declared import declared_boxes
from planner.web.probe_desk import desk, open_measurement, words_of
from planner.web.probe_plan_view import PlanView
from planner.web.state import catalog
from planner.web.text import small

MOST_MB = 20
TOOLS = (
    "a measurement of this program, `vllm bench serve` (Python and Rust), GuideLLM, LLMPerf, or AIPerf and genai-perf"
)


def import_panel(plan: PlanView) -> None:
    """Files, what they do not say, and the button."""
    st.markdown(f"**Results of other tools are read with their definitions converted:** {TOOLS}.")
    given = st.file_uploader(
        "Result files: JSON or CSV; the loads of one sweep may come in several files",
        accept_multiple_files=True,
        type=["json", "csv", "jsonl"],
        key=f"probe-files-{desk().epoch}",
        max_upload_size=MOST_MB,
    )
    st.markdown(small(f"At most {MOST_MB} MB a file. Prompts and answers that a file holds are not kept."))
    st.markdown("**What such files do not say.** A measurement of this program says it itself.")
    declared = declared_boxes(plan.declared, catalog().tables, f"probe-import-{plan.key}")
    if st.button("Import", type="primary", key="probe-import", disabled=not given):
        _import(given, declared)
        st.rerun()


def _import(given: Sequence[UploadedFile], declared: Declared) -> None:
    """Everything or nothing: one file that cannot be read stops the whole."""
    found, problems = read_all([(file.name, file.getvalue()) for file in given], declared)
    if problems:
        desk().wrong("The import was not made", *problems)
        return
    try:
        for measurement in found:
            keep(measurement)
    except ProbeError as error:
        desk().wrong("The import cannot be kept", words_of(error))
        return
    _drop(given)
    desk().epoch += 1
    desk().well(f"{plural(len(found), 'measurement')} imported, and kept on this server.")
    if len(found) == 1:
        open_measurement(found[0].measurement_id)


def read_all(files: Sequence[tuple[str, bytes]], declared: Declared) -> tuple[list[Measurement], list[str]]:
    """The measurements in these files, those of one sweep as one; or everything that is wrong with them."""
    own: list[Measurement] = []
    others: dict[tuple[str, str], list[Measurement]] = {}
    problems: list[str] = []
    for name, data in files:
        try:
            if is_own(data):
                own.append(read_measurement(data, name))
            else:
                for found in read_result(data, name, declared):
                    others.setdefault((found.origin, found.server.served_model), []).append(found)
        except ProbeError as error:
            problems.append(words_of(error))
        except MeasurementError as error:
            problems += [f"{name}: {problem}" for problem in error.problems]
    sweeps = []
    for parts in others.values():
        try:
            sweeps.append(merged(parts))
        except ProbeError as error:
            problems.append(words_of(error))
    return ([], problems) if problems else ([*own, *sweeps], [])


def is_own(data: bytes) -> bool:
    """Whether this is a measurement of this program, good or not."""
    try:
        content = json.loads(data)
    except (ValueError, RecursionError):
        return False
    return isinstance(content, dict) and "schema_version" in content and "runs" in content


def _drop(given: Sequence[UploadedFile]) -> None:
    """Streamlit would keep the bytes for as long as the session lives."""
    context = get_script_run_ctx()
    if context is not None and isinstance(context.uploaded_file_mgr, MemoryUploadedFileManager):
        for file in given:
            context.uploaded_file_mgr.remove_file(context.session_id, file.file_id)
