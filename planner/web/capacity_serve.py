"""The chosen deployment ready to start: the engine's command line and a Kubernetes manifest, to copy or to download.

Blocks of code are plain: the coloured ones are too pale to be read by everybody (WCAG AA).
"""

from __future__ import annotations

import streamlit as st

from planner.capacity.manifest import ManifestError, manifest
from planner.capacity.replica_memory import Setup
from planner.capacity.serve_flags import serve_command
from planner.catalog.tables import Tables
from planner.decision.candidates.memory import kv_bits, request_tokens
from planner.decision.present_capacity import Names
from planner.domain.capacity import Candidate, CapacityRequest
from planner.domain.serving import ENGINE_WORDS
from planner.format import plural
from planner.web.text import md, small


def setup_of(c: Candidate, request: CapacityRequest, tables: Tables) -> Setup:
    """One replica of a candidate as it is to be served."""
    return Setup(
        model=tables.model_by_id[c.model_id],
        number_format=tables.format_by_id[c.format_id],
        gpu=tables.gpu_by_id[c.gpu_id],
        tp=c.tp,
        pp=c.pp,
        engine=c.engine,
        kv_bits=kv_bits(request),
        utilisation_fraction=request.gpu_memory_utilisation_fraction,
        max_model_len=c.max_model_len,
        max_num_seqs=c.max_num_seqs,
    )


def serve_panel(c: Candidate, request: CapacityRequest, names: Names) -> None:
    """Command and manifest, each with what must be there before."""
    setup = setup_of(c, request, names.tables)
    command = serve_command(setup, request_tokens=request_tokens(request))
    stem = f"{c.model_id}-{c.format_id}-{c.gpu_id}"
    st.markdown(f"**One replica with {ENGINE_WORDS[c.engine]}**, {md(names.deployment(c))}.")
    st.code(command.text, language=None, wrap_lines=True)
    for note in command.notes:
        st.info(md(note), icon="ℹ️")
    _download("Download command", f"#!/bin/sh\n{command.text}\n", f"{stem}.sh", "text/x-shellscript")
    st.markdown(f"**Kubernetes**, {plural(c.replicas, 'replica')}, spares included.")
    try:
        text = manifest(setup, c.replicas, request_tokens=request_tokens(request))
    except ManifestError as error:
        st.info(md(str(error)), icon="ℹ️")
        return
    with st.expander("Deployment and service as YAML", expanded=True):
        st.code(text, language=None, wrap_lines=True)
    _download("Download manifest", text, f"{stem}.yaml", "application/yaml")
    st.markdown(
        small(
            "Processor, host memory, shared memory and start times are assumptions: adapt them to your cluster. The "
            "flags are the settings that this page sized; another context or another number of requests side by side "
            "changes what fits."
        )
    )


def _download(label: str, text: str, name: str, mime: str) -> None:
    key = f"capacity-{label.split()[-1]}"
    st.download_button(label, data=text.encode(), file_name=name, mime=mime, on_click="ignore", key=key)
