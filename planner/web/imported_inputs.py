"""A model that the catalog does not have: its Hugging Face configuration goes into the scenario as facts."""

from __future__ import annotations

from typing import Any

import streamlit as st

from planner.catalog.hf_config import ConfigError
from planner.catalog.hf_import import Stated, import_model, params_of, slug_of
from planner.domain.typed import TypedModel
from planner.web import fields
from planner.web.editing import panel_key, value_at
from planner.web.forms import Line, button, form, section
from planner.web.option_rules_inputs import reads_inputs
from planner.web.option_switch import set_many
from planner.web.state import PathKey, catalog, today
from planner.web.text import md, small

FACTS = (
    Line("name", "Name of the model"),
    Line("hf_id", "Repository on Hugging Face"),
    Line("total_params", "Parameters in all"),
    Line("active_params", "Parameters used per token"),
    Line("layers", "Layers"),
    Line("hidden_size", "Hidden size"),
    Line("attention_heads", "Attention heads"),
    Line("kv_heads", "Key/value heads"),
    Line("head_dim", "Width of a value head"),
    Line("vocab_size", "Vocabulary"),
    Line("tied_embeddings", "Input and output embedding are one"),
    Line("attention", "Attention, in words"),
    Line("max_context_tokens", "Longest request (tokens)"),
    Line("kv_bytes_per_token_16bit", "Cache per token (bytes at 16 bits)"),
    Line("window_kv_bytes_per_token_16bit", "Cache per token of layers with a window (bytes)"),
    Line("window_tokens", "Window (tokens; empty = none)"),
    Line("state_bytes_per_sequence", "State per request (bytes)"),
)
CONFIG_MB = 2
NO_LICENCE = "not known: it is not checked"
FIRST_MODEL = "llama-3.1-8b"


def imported_inputs(path: PathKey, model: TypedModel | None) -> None:
    """The way to import a model; or the facts of the one that was, and the way back to the catalog."""
    if model is None:
        with section("Import a model that is not listed", path, "import") as is_open:
            if is_open:
                _upload(path)
        return
    where = (*path, "model")
    with section(f"Facts of {md(model.name)}", path, "imported") as is_open:
        if is_open:
            form(where, FACTS)
            reads_inputs("What the model reads", (*where, "modalities"))
            _licence_choice(where)
            fields.provenance_inputs((*where, "provenance"))
            fields.problem(where)
    button("Use a model of the catalog", panel_key(path, "listed"), _listed, path)


def _licence_choice(where: PathKey) -> None:
    rows = catalog().tables.licence_by_id
    fields.choice("Licence of the model", (*where, "licence_id"), [None, *rows], show=_licence_name)


def _licence_name(licence_id: str | None) -> str:
    row = catalog().tables.licence_by_id.get(licence_id or "")
    return row.name if row else licence_id or NO_LICENCE


def _listed(path: PathKey) -> None:
    set_many(path, {"model": None, "model_id": FIRST_MODEL})


def _upload(path: PathKey) -> None:
    """What is needed, all at once; nothing changes before it is complete and right."""
    keys = {name: panel_key(path, f"import-{name}") for name in ("file", "size", "name", "licence")}
    st.markdown(small("The config.json of its repository; its throughput is modelled, or typed in afterwards."))
    st.file_uploader("Configuration (config.json)", type=["json"], key=keys["file"], max_upload_size=CONFIG_MB)
    st.text_input(
        "Parameters as its page says", key=keys["size"], max_chars=30, placeholder="for example 70.6B", help=SIZE_HELP
    )
    st.text_input("Name", key=keys["name"], max_chars=100, placeholder="Needed", help="Name on screen.")
    rows = [None, *catalog().tables.licence_by_id]
    st.selectbox(
        "Its licence", rows, format_func=_licence_name, key=keys["licence"], help="Read it; the terms are then checked."
    )
    button("Import it", panel_key(path, "import-now"), _take, path, keys)
    problem = st.session_state.get(_problem_key(path))
    if problem:
        st.error(md(problem), icon="⚠️")


SIZE_HELP = "The configuration is refused when what it adds up to is more than 2 % off."


def _problem_key(path: PathKey) -> str:
    return panel_key(path, "import-problem")


def _take(path: PathKey, keys: dict[str, str]) -> None:
    """Callback: the model goes into the option, or the reason why not is shown."""
    given: dict[str, Any] = {name: st.session_state.get(key) for name, key in keys.items()}
    st.session_state[_problem_key(path)] = ""
    try:
        model = _imported(given)
    except ConfigError as error:
        st.session_state[_problem_key(path)] = f"Not imported: {error}."
        return
    set_many(path, {"model_id": slug_of(model.name), "model": model.model_dump()})
    if value_at((*path, "model")) is None:
        st.session_state[_problem_key(path)] = "Not imported: the option does not hold with it."


def _imported(given: dict[str, Any]) -> TypedModel:
    if given["file"] is None:
        raise ConfigError("choose the config.json of the model first")
    if not str(given["name"] or "").strip():
        raise ConfigError("give the model a name")
    stated = Stated(
        total_params=params_of(str(given["size"] or "")),
        name=str(given["name"]).strip(),
        licence_id=given["licence"],
        source=f"uploaded file {given['file'].name}"[:200],
        as_of=today().isoformat(),
    )
    return import_model(given["file"].getvalue(), stated)
