"""Open-weight models, their licences, and the names that articles use."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, ClassVar, Literal, get_args

from pydantic import Field, NonNegativeInt, PositiveFloat, PositiveInt, ValidationInfo
from pydantic import field_validator as check

from planner.catalog.rows.base import SourcedRow, Text
from planner.domain.base import Confidence, Slug
from planner.domain.licence import LicenceTerms
from planner.domain.workload import Modality


class ModelRow(SourcedRow):
    """One open-weight model: what memory and compute it needs, and under which licence."""

    FILE: ClassVar[str] = "models.csv"
    KEY: ClassVar[str] = "model_id"
    REFERENCES: ClassVar[dict[str, str]] = {
        "native_format": "formats.csv",
        "licence_id": "licences.csv",
        "same_architecture_as": "models.csv",
    }

    model_id: Slug = Field(description="Stable id.")
    name: Text = Field(description="Name on screen.")
    hf_id: Annotated[str, Field(pattern=r"^[^/\s]+/[^/\s]+$")] = Field(description="Repository on Hugging Face.")
    total_params: PositiveInt = Field(description="All parameters, counted from the configuration where there is one.")
    active_params: PositiveInt = Field(
        description="Parameters used per token of text; all of them in a dense model, without an image encoder."
    )
    published_params: PositiveInt | None = Field(None, description="All parameters as the publisher rounds them.")
    layers: PositiveInt = Field(description="Transformer layers.")
    hidden_size: PositiveInt = Field(description="Width of the residual stream.")
    attention_heads: PositiveInt = Field(description="Query heads.")
    kv_heads: PositiveInt = Field(description="Key/value heads.")
    head_dim: PositiveInt = Field(description="Width of one value head.")
    vocab_size: PositiveInt = Field(description="Entries of the vocabulary.")
    tied_embeddings: bool = Field(description="Whether input and output embedding are one matrix.")
    attention: Text = Field(description="MHA, GQA, MLA, with windows where there are any.")
    experts: PositiveInt | None = Field(None, description="Routed experts per layer; blank: dense.")
    experts_per_token: PositiveInt | None = Field(None, description="Routed experts used per token; blank: dense.")
    max_context_tokens: PositiveInt = Field(description="Longest prompt plus answer, tokens.")
    kv_bytes_per_token_16bit: PositiveInt = Field(
        description="KV cache of one token at 16 bits, bytes, in the layers that keep every token."
    )
    window_kv_bytes_per_token_16bit: NonNegativeInt = Field(0, description="The same in layers that keep a window.")
    window_tokens: PositiveInt | None = Field(
        None, validate_default=True, description="Tokens those layers keep; blank: there are none."
    )
    state_bytes_per_sequence: NonNegativeInt = Field(0, description="State of linear layers per request, bytes.")
    native_format: Slug = Field(description="Format the weights are published in.")
    native_weights_gb: PositiveFloat = Field(description="Weights in that format, 10^9 bytes.")
    modality: Annotated[str, Field(pattern=r"^(text|image|audio|video)(\+(image|audio|video))*$")] = Field(
        description="What it reads, joined by +: text, text+image, audio."
    )
    licence_id: Slug = Field(description="Licence of the weights.")
    same_architecture_as: str = Field("", description="Model whose measured throughput holds for this one too.")
    confidence: Confidence = Field(description="How far the row can be trusted.")

    @check("active_params")
    @classmethod
    def _part_of_total(cls, active: int, info: ValidationInfo) -> int:
        if active > info.data.get("total_params", active):
            raise ValueError(f"{active} active parameters are more than the {info.data['total_params']} in total")
        return active

    @check("window_tokens")
    @classmethod
    def _with_its_bytes(cls, tokens: int | None, info: ValidationInfo) -> int | None:
        if (tokens is None) != (not info.data.get("window_kv_bytes_per_token_16bit")):
            raise ValueError("window_tokens and window_kv_bytes_per_token_16bit belong together")
        return tokens

    @property
    def modalities(self) -> tuple[Modality, ...]:
        """What it reads, one by one."""
        known = set(self.modality.split("+"))
        return tuple(name for name in get_args(Modality) if name in known)

    def sequence_bytes(self, tokens: float, kv_bits: int = 16) -> float:
        """Bytes that one request of so many tokens keeps: every token, the last ones of windows, and states."""
        windowed = self.window_kv_bytes_per_token_16bit * min(tokens, self.window_tokens or 0)
        return (self.kv_bytes_per_token_16bit * tokens + windowed) * kv_bits / 16 + self.state_bytes_per_sequence


_MAY_BE_BLANK = frozenset({"mau_limit", "mau_test", "eu_blocked_modality"})


class LicenceRow(SourcedRow):
    """What the licence of a checkpoint asks for, clause by clause, in our words; `as_of` is the day it was read."""

    FILE: ClassVar[str] = "licences.csv"
    KEY: ClassVar[str] = "licence_id"

    licence_id: Slug = Field(description="Stable id; a licence and the version of the model it came with.")
    name: Text = Field(description="Name of the licence.")
    commercial_allowed: bool = Field(description="Whether the weights may be used commercially at all.")
    mau_limit: PositiveInt | None = Field(None, description="Monthly active users above which it must be asked for.")
    mau_test: Literal["", "release_date", "current"] = Field(
        "", description="When users are counted: the calendar month before the version's release, or now."
    )
    version_released_on: dt.date | None = Field(
        None, validate_default=True, description="Release of the model version; blank: no test on it."
    )
    revenue_limit_usd_per_month: PositiveFloat | None = Field(None, description="Monthly revenue above which to ask.")
    revenue_limit_usd_per_year: PositiveFloat | None = Field(None, description="Yearly revenue above which to ask.")
    eu_blocked_modality: Literal["", "image"] = Field(
        "", description="Modality for which companies domiciled in the EU get no rights."
    )
    attribution: str = Field("", description="Naming or notice that it demands.")
    output_training_restricted: bool = Field(False, description="Whether outputs may not train other models freely.")
    clause: Text = Field(description="The restricting clauses in our words, with their place in the text.")
    confidence: Confidence = Field(description="How far the reading can be trusted.")

    @check("version_released_on")
    @classmethod
    def _test_is_complete(cls, day: dt.date | None, info: ValidationInfo) -> dt.date | None:
        limit, test = info.data.get("mau_limit"), info.data.get("mau_test")
        if (limit is None) != (not test):
            raise ValueError("mau_limit and mau_test belong together: give both or neither")
        if test == "release_date" and day is None:
            raise ValueError("a limit on users at the release needs the day of the release")
        return day

    @property
    def terms(self) -> LicenceTerms:
        """The clauses as they are pinned to a scenario."""
        shared = {name: getattr(self, name) or None for name in LicenceTerms.model_fields if name in _MAY_BE_BLANK}
        rest = {name: getattr(self, name) for name in LicenceTerms.model_fields if name not in _MAY_BE_BLANK}
        return LicenceTerms.model_validate(shared | rest)


class NamedRow(SourcedRow):
    """A model or system that a source article names: its row in the catalog, or that it does not exist."""

    FILE: ClassVar[str] = "named.csv"
    KEY: ClassVar[str] = "named_id"
    REFERENCES: ClassVar[dict[str, str]] = {"model_id": "models.csv"}

    named_id: Slug = Field(description="Stable id.")
    name: Text = Field(description="Name as the article writes it.")
    articles: Text = Field(description="Articles that name it, as in claims.csv, with blanks between.")
    kind: Literal["model", "api model", "system", "benchmark", "technique"] = Field(description="What it is.")
    exists: bool = Field(description="Whether there is such a thing.")
    model_id: str = Field("", description="Its row in models.csv, if any.")
    api: str = Field("", description="`provider/model` in the price catalog, if any.")
    instead: str = Field(
        "", validate_default=True, description="What there is instead, when it does not exist or has been replaced."
    )

    @check("instead")
    @classmethod
    def _something_else(cls, instead: str, info: ValidationInfo) -> str:
        if info.data.get("exists") is False and not instead:
            raise ValueError("what does not exist needs what there is instead")
        return instead
