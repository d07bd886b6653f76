"""The offer that a model name of a usage log stands for: exact ids first, then what the price library knows it by.

A name that fits several providers, and one that fits none, is not guessed: the answer says what to write instead.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from genai_prices.data import providers as bundled
from genai_prices.types import Provider

from planner.catalog.catalog import Catalog
from planner.catalog.price_terms import LATEST, Offer
from planner.domain.facts import Reason
from planner.domain.nearest import did_you_mean, nearest

GATEWAY_NAMES = {
    "azure_ai": "azure",
    "bedrock": "aws",
    "bedrock_converse": "aws",
    "fireworks_ai": "fireworks",
    "gemini": "google",
    "moonshot": "moonshotai",
    "together_ai": "together",
    "vertex_ai": "google",
    "xai": "x-ai",
}
"""What gateways write before a model's name (LiteLLM's provider names) -> provider of the catalog."""
FINE_TUNED = "ft:"
"""How OpenAI begins the name of a fine-tuned model, which has prices of its own."""
LONGEST = 120
"""Letters of a name that a reason shows."""
SHOWN = 6
"""Candidates that a reason lists."""
_COMPACT_DATE = re.compile(r"-(20\d{2})(\d{2})(\d{2})(?=-|:|$)")
_AWS_ID = re.compile(
    r"(?:[a-z]{2,6}(?:-gov)?\.)?"
    r"(?:ai21|amazon|anthropic|cohere|deepseek|google|meta|minimax|mistral|moonshot|moonshotai|nvidia|openai|qwen|writer)\."
)
_RESOURCE = re.compile(r"(?:^|/)models/")
_WAY_OUT = "Say which offer it is: --model-map 'NAME=provider/model'."


class LogModel(NamedTuple):
    """A model name of a log and the offer whose list price it pays; without an offer, the reason."""

    name: str
    provider: str = ""
    model: str = ""
    how: str = ""
    """What the name was found by."""
    reason: Reason | None = None

    @property
    def known(self) -> bool:
        """Whether there is an offer."""
        return self.reason is None

    def offer(self) -> Offer:
        """The provider's usual offer of it."""
        return Offer(self.provider, self.model)

    @property
    def label(self) -> str:
        """`provider/model`, or empty."""
        return f"{self.provider}/{self.model}" if self.known else ""


def log_models(names: Iterable[str], catalog: Catalog, given: Mapping[str, str] | None = None) -> tuple[LogModel, ...]:
    """Each name with its offer; `given` says `provider/model` for a name and wins."""
    mapped = given or {}
    return tuple(_given(name, mapped[name], catalog) if name in mapped else _found(name, catalog) for name in names)


def _given(name: str, target: str, catalog: Catalog) -> LogModel:
    provider, _, model = target.partition("/")
    if model in catalog.models(provider):
        return LogModel(name, provider, model, "as you say")
    known = catalog.models(provider) if provider in catalog.providers() else catalog.providers()
    message = f"{target[:LONGEST]!r} for the log's model {name[:LONGEST]!r} is not in the price catalog."
    otherwise = "`planner catalog list models --provider PROVIDER` lists the names."
    return LogModel(name, reason=_reason(message, did_you_mean(model or provider, known, otherwise)))


def _found(name: str, catalog: Catalog) -> LogModel:
    if not name.strip() or name == "unnamed":
        return LogModel(name, reason=_reason("The log does not name the model.", _WAY_OUT))
    how, candidates = _meant(name, catalog)
    if len(candidates) == 1:
        provider, model = candidates[0]
        return LogModel(name, provider, model, how)
    return LogModel(name, reason=_several(name, candidates) if candidates else _unknown(name, catalog))


def _meant(name: str, catalog: Catalog) -> tuple[str, list[tuple[str, str]]]:
    """What the name was found by, and every offer that it fits."""
    for attempt in (_named_provider, _bedrock, _maker, _by_id, _by_match, _display_name, _named_row):
        candidates = sorted(set(attempt(name, catalog)))
        if candidates:
            return _HOW[attempt.__name__], candidates
    return "", []


def offers_like(name: str, catalog: Catalog) -> tuple[str, ...]:
    """Offers (`provider/model`) that a name of a log may mean: every one that it fits, else those named like it."""
    fits = [f"{provider}/{model}" for provider, model in _meant(name, catalog)[1]]
    return tuple(fits or _near(name, catalog))


Candidates = Iterator[tuple[str, str]]


def _named_provider(name: str, catalog: Catalog) -> Candidates:
    """`azure/gpt-4o`, as gateways write it."""
    prefix, _, rest = name.partition("/")
    provider = GATEWAY_NAMES.get(prefix.lower(), prefix.lower())
    if rest and provider in catalog.providers():
        model = _at(provider, _bare(rest), catalog)
        if model:
            yield provider, model


def _bedrock(name: str, catalog: Catalog) -> Candidates:
    """`us.anthropic.claude-...`, as AWS Bedrock names its models."""
    if _AWS_ID.match(name.lower()) and (model := _at("aws", name, catalog)):
        yield "aws", model


def _maker(name: str, catalog: Catalog) -> Candidates:
    """A name that the library knows whose it is: `gpt-...` is OpenAI's own."""
    text = _bare(name)
    for provider in bundled:
        if provider.model_match is not None and provider.model_match.is_match(text.lower()):
            model = _at(provider.id, text, catalog)
            if model:
                yield provider.id, model
            return


def _by_id(name: str, catalog: Catalog) -> Candidates:
    yield from ((p, name) for p in catalog.providers() if name in catalog.models(p))


def _by_match(name: str, catalog: Catalog) -> Candidates:
    for provider in bundled:
        model = _at(provider.id, name, catalog)
        if model:
            yield provider.id, model


def _display_name(name: str, catalog: Catalog) -> Candidates:
    """`Claude Haiku 4.5`, as consoles write it."""
    if " " not in name.strip():
        return
    told = _plain(name)
    for provider in (entry for entry in bundled if entry.model_match is not None):
        known = catalog.models(provider.id)
        for info in (found for found in provider.models if found.name and found.id in known):
            if told in (_plain(info.name or ""), _plain(info.id)):
                yield provider.id, info.id


def _named_row(name: str, catalog: Catalog) -> Candidates:
    """Names of `named.csv` that say exactly one model."""
    for row in catalog.tables.named:
        provider, _, model = row.api.partition("/")
        if model and not row.note and _plain(row.name) == _plain(name) and model in catalog.models(provider):
            yield provider, model


_HOW = {
    "_named_provider": "provider and model in its name",
    "_bedrock": "AWS Bedrock's names",
    "_maker": "the maker's own list",
    "_by_id": "the only provider with this name",
    "_by_match": "the only provider with a name like it",
    "_display_name": "its name for people",
    "_named_row": "the catalog's names",
}


def _at(provider: str, name: str, catalog: Catalog) -> str:
    """The model of one provider that a name means; empty when there is none with a price."""
    known = catalog.models(provider)
    if name in known:
        return name
    entry = _entry(provider)
    found = None if entry is None else entry.find_model(name) or entry.find_model(_COMPACT_DATE.sub(r"-\1-\2-\3", name))
    return found.id if found is not None and found.id in known and not name.endswith(LATEST) else ""


def _entry(provider: str) -> Provider | None:
    return next((entry for entry in bundled if entry.id == provider), None)


def _bare(name: str) -> str:
    """`publishers/google/models/gemini-2.5-pro` is `gemini-2.5-pro`."""
    return _RESOURCE.split(name)[-1]


def _plain(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def _several(name: str, candidates: list[tuple[str, str]]) -> Reason:
    shown = [f"{provider}/{model}" for provider, model in candidates]
    more = f" and {len(shown) - SHOWN} more" if len(shown) > SHOWN else ""
    sellers = len({provider for provider, _ in candidates})
    message = f"The log's model {name[:LONGEST]!r} is sold by {sellers} providers, at their own prices."
    return _reason(message, f"{_WAY_OUT} There are {', '.join(shown[:SHOWN])}{more}.")


def _unknown(name: str, catalog: Catalog) -> Reason:
    near = _near(name, catalog)
    hint = f"Did you mean {' or '.join(near)}? " if near else ""
    message = f"The price catalog has no model that the log's {name[:LONGEST]!r} stands for.{_because(name)}"
    return _reason(message, f"{hint}{_WAY_OUT}")


def _near(name: str, catalog: Catalog) -> list[str]:
    whose = {model: provider for provider in reversed(catalog.providers()) for model in catalog.models(provider)}
    return [f"{whose[model]}/{model}" for model in nearest(_bare(name), whose)]


def _because(name: str) -> str:
    if name.endswith(LATEST):
        return " It is an alias: the model behind it changes, and so does its price."
    return " It is a fine-tuned model, which has a price of its own." if name.startswith(FINE_TUNED) else ""


def _reason(message: str, remedy: str) -> Reason:
    return Reason(code="MODEL_UNKNOWN", message=message, field="model", remedy=remedy)
