"""Claims on licences (C1 to C7), held against the terms of each checkpoint's licence in the catalog."""

from __future__ import annotations

from planner.catalog.rows import ModelRow
from planner.catalog.tables import Tables
from planner.decision.claims.finding import ClaimFunction, Finding, Inputs, Quantity
from planner.domain.licence import LicenceTerms, licence_problems
from planner.domain.organisation import Organisation

APACHE = ("apache-2.0", "gpt-oss-apache")
MILLION = 1e6
MOST_USERS_M = 1e5


def terms_of(tables: Tables, model: ModelRow) -> LicenceTerms:
    """The terms that a checkpoint is under."""
    return tables.licence_by_id[model.licence_id].terms


def user_limit_m(terms: LicenceTerms) -> float | None:
    """Monthly users, in millions, above which the licence must be asked for; None when it names none."""
    return None if terms.mau_limit is None else terms.mau_limit / MILLION


def may_use(tables: Tables, model: ModelRow, users_m: float, *, in_eu: bool) -> bool:
    """Whether a company with so many million monthly users, at the release and now, may run it for customers."""
    users = min(users_m, MOST_USERS_M) * MILLION
    company = Organisation(eu_domiciled=in_eu, monthly_active_users=users, monthly_active_users_at_release=users)
    return not any(found.failed for found in licence_problems(terms_of(tables, model), company, model.modalities))


def _llamas(tables: Tables) -> list[ModelRow]:
    return [model for model in tables.models if model.licence_id.startswith(("llama-3", "llama-4"))]


def apache_duties(x: Inputs, tables: Tables) -> Finding:
    """C1: kinds of restriction, 1 where the licence has it."""
    kinds = {"field of use": x["field_of_use_limit"], "size of company": x["size_limit"], "notice": x["notice_duty"]}
    models = sum(model.licence_id in APACHE for model in tables.models)
    left = [kind for kind, present in kinds.items() if present]
    computed = (Quantity("models of the catalog under it", models, "models"), Quantity("duties", len(left), "duties"))
    said = f"What remains: {', '.join(left) or 'nothing'}."
    return Finding(computed, said, tuple(present == 0 for present in kinds.values()))


def apache_models(x: Inputs, tables: Tables) -> Finding:
    """C2: the licence of the checkpoints that were named as examples."""
    named = [tables.model_by_id[key] for key in ("mistral-large-2", "whisper-large-v3")]
    free = tuple(model.licence_id in APACHE for model in named)
    said = "; ".join(f"{model.name}: {terms_of(tables, model).name}" for model in named) + "."
    return Finding((Quantity("of the named models under Apache 2.0", sum(free), "models"),), said, free)


def llama_user_limit(x: Inputs, tables: Tables) -> Finding:
    """C3: the claimed limit against the one in the licence of each Llama checkpoint."""
    limits = [user_limit_m(terms_of(tables, model)) for model in _llamas(tables)]
    known = [limit for limit in limits if limit is not None]
    computed = (
        Quantity("limit", max(known, default=None), "M users"),
        Quantity("checkpoints that state it", len(known), "models"),
    )
    said = f"{len(known)} of {len(limits)} Llama checkpoints state a limit; it binds strictly above {max(known):.0f}M."
    return Finding(computed, said, tuple(limit == x["claimed_m_users"] for limit in limits))


def llama_for_nearly_all(x: Inputs, tables: Tables) -> Finding:
    """C4: a small company's rights to the Llama checkpoints of a kind: multimodal ones, in or outside the EU."""
    kind = "text+image" if x["multimodal"] else "text"
    models = [model for model in _llamas(tables) if model.modality == kind]
    allowed = tuple(may_use(tables, model, x["m_users"], in_eu=x["in_eu"] > 0) for model in models)
    computed = (Quantity("checkpoints of this kind", len(models), "models"), Quantity("usable", sum(allowed), "models"))
    return Finding(computed, f"{sum(allowed)} of {len(models)} {kind} checkpoints may be used.", allowed)


def mistral_in_eu(x: Inputs, tables: Tables) -> Finding:
    """C5: data can stay in the EU; whether the weights may be run there for customers is the licence's affair."""
    model = tables.model_by_id["mistral-large-2"]
    terms = terms_of(tables, model)
    allowed = (x["servers_in_eu"] > 0, terms.commercial_allowed or x["paid_licence"] > 0)
    free = float(terms.commercial_allowed)
    computed = (Quantity("may be run for customers without a paid licence", free, "1 = yes"),)
    return Finding(computed, f"{model.name}: {terms.name}.", allowed)


def qwen_free(x: Inputs, tables: Tables) -> Finding:
    """C6: the 72B's licence for a small and for a large company."""
    model = tables.model_by_id["qwen2.5-72b"]
    terms = terms_of(tables, model)
    others = sum(m.licence_id in APACHE for m in tables.models if m.model_id.startswith("qwen2.5-"))
    computed = (
        Quantity("limit", user_limit_m(terms), "M users"),
        Quantity("other Qwen 2.5 sizes of the catalog under Apache 2.0", others, "models"),
    )
    allowed = tuple(may_use(tables, model, x[name], in_eu=True) for name in ("small_m_users", "large_m_users"))
    return Finding(computed, f"{model.name}: {terms.name}. {terms.clause}", allowed)


def llama_commercial(x: Inputs, tables: Tables) -> Finding:
    """C7: commercial use of every Llama checkpoint by a small EU company, and by a very large one."""
    models = _llamas(tables)
    small = [may_use(tables, model, x["small_m_users"], in_eu=x["in_eu"] > 0) for model in models]
    large = [may_use(tables, model, x["large_m_users"], in_eu=False) for model in models]
    computed = (
        Quantity("Llama checkpoints", len(models), "models"),
        Quantity("usable by a small company", sum(small), "models"),
        Quantity("usable by a very large company", sum(large), "models"),
    )
    said = f"A small company may use {sum(small)} of {len(models)} checkpoints, a very large one {sum(large)}."
    return Finding(computed, said, (*small, *large))


FUNCTIONS: dict[str, ClaimFunction] = {
    function.__name__: function
    for function in (
        *(apache_duties, apache_models, llama_user_limit, llama_for_nearly_all),
        *(mistral_in_eu, qwen_free, llama_commercial),
    )
}
