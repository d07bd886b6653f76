"""The model of a self-hosted option: its row, or the one that was imported into the scenario; and its licence."""

from __future__ import annotations

import re

from planner.catalog.rows import ModelRow, NamedRow
from planner.catalog.tables import Tables
from planner.decision.resolve_price import nearest
from planner.decision.throughput_values import Blocked
from planner.domain.evidence import Evidence
from planner.domain.facts import Reason
from planner.domain.licence import LicenceTerms
from planner.domain.options import SelfHosted
from planner.domain.typed import TypedModel

PLAIN_FORMAT = "bf16"
PLAIN_BYTES = 2
GIGA = 1e9


def model_of(option: SelfHosted, where: str, tables: Tables) -> ModelRow:
    """Facts of the model. Raises Blocked when neither the catalog nor the scenario has it."""
    if option.model is not None:
        return _imported(option.model_id, option.model, where, tables)
    row = tables.model_by_id.get(option.model_id)
    if row is not None:
        return row
    raise Blocked(_unknown(option.model_id, where, tables))


def _unknown(model_id: str, where: str, tables: Tables) -> Reason:
    """Not in the catalog; where a name is known not to exist, what there is in its place."""
    named = next((row for row in tables.named if not row.exists and _plain(model_id) in _names(row)), None)
    if named is not None:
        message = f"There is no model {named.name}: {named.instead}."
        remedy = f"Choose one of those that exist. Source: {named.source_url}"
    else:
        message = f"The catalog has no model {model_id!r}."
        remedy = f"{nearest(model_id, tables.model_by_id)} Any other model: import its config.json."
    return Reason(code="MODEL_UNKNOWN", message=message, field=f"{where}.model_id", remedy=remedy)


def _names(row: NamedRow) -> tuple[str, str]:
    return _plain(row.named_id), _plain(row.name)


def _plain(name: str) -> str:
    """Letters and digits alone, so that `Llama 4 8B` and `llama-4-8b` are one name."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


def _imported(model_id: str, model: TypedModel, where: str, tables: Tables) -> ModelRow:
    """An imported model in the form of a row. The catalog's checks of sources do not apply: its owner gave it."""
    licence_id = model.licence_id or ""
    if licence_id and licence_id not in tables.licence_by_id:
        message = f"The catalog has no licence {licence_id!r}."
        remedy = nearest(licence_id, tables.licence_by_id)
        raise Blocked(Reason(code="LICENCE", message=message, field=f"{where}.model.licence_id", remedy=remedy))
    shared = {name: getattr(model, name) for name in TypedModel.model_fields if name in ModelRow.model_fields}
    origin = model.provenance
    return ModelRow.model_construct(
        **shared
        | {
            "model_id": model_id,
            "native_format": PLAIN_FORMAT,
            "native_weights_gb": model.total_params * PLAIN_BYTES / GIGA,
            "modality": "+".join(model.modalities),
            "licence_id": licence_id,
            "origin": origin.origin,
            "as_of": origin.as_of,
            "source": origin.source,
            "source_url": origin.source_url,
            "note": origin.note,
            "confidence": "low" if origin.origin == "assumed" else "medium",
        }
    )


def terms_of(model: ModelRow, tables: Tables) -> LicenceTerms | None:
    """The clauses of its licence; None when none is known."""
    row = tables.licence_by_id.get(model.licence_id)
    return None if row is None else row.terms


def licence_evidence(model: ModelRow, terms: LicenceTerms) -> tuple[Evidence, ...]:
    """The licence with the place where it can be read."""
    duties = f"{terms.clause} Attribution: {terms.attribution}." if terms.attribution else terms.clause
    item = Evidence(
        label=f"Licence of {model.name}",
        value=terms.name,
        unit="",
        origin="published",
        source="licence text in our words; not legal advice",
        source_url=terms.source_url,
        as_of=terms.as_of,
        note=duties,
        row=f"licences/{terms.licence_id}",
    )
    return (item,)
