"""What is asked of the model: task classes, their token counts and how demand moves in time."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from planner.domain.base import DateText, LongText, ShortText, Slug, Value
from planner.domain.usage import UsageReference

MAX_WEIGHT = 1e9
Modality = Literal["text", "image", "audio", "video"]


class TaskClass(Value):
    """Requests of one kind. Prompt tokens are split into three disjoint parts; their sum is the prompt."""

    class_id: Slug = Field(description="Short name of the class, lower case.")
    label: ShortText = Field("", description="Name shown to people; the class_id when empty.")
    requests_per_day: float = Field(ge=0, le=1e12, description="Requests a day, mean over the week.")
    fresh_input_tokens: float = Field(ge=0, le=1e8, description="Prompt tokens per request that are not cached.")
    cached_input_tokens: float = Field(0, ge=0, le=1e8, description="Prompt tokens per request read from a cache.")
    cache_write_tokens: float = Field(0, ge=0, le=1e8, description="Prompt tokens per request written to a cache.")
    output_tokens: float = Field(ge=0, le=1e8, description="Visible output tokens per request.")
    reasoning_tokens: float = Field(0, ge=0, le=1e8, description="Reasoning tokens per request, billed as output.")
    batch_fraction: float = Field(0, ge=0, le=1, description="Share of requests that may wait 24 h (batch price).")
    private: bool = Field(False, description="Must not leave the team's own machines.")
    modality: Modality = Field("text", description="What the model must read besides text.")
    quality_floor: float | None = Field(None, ge=0, le=100, description="Lowest quality_score that is good enough.")

    @property
    def prompt_tokens(self) -> float:
        """Whole prompt of one request, in tokens."""
        return self.fresh_input_tokens + self.cached_input_tokens + self.cache_write_tokens

    @property
    def generated_tokens(self) -> float:
        """Output and reasoning tokens of one request (OSL)."""
        return self.output_tokens + self.reasoning_tokens


class Workload(Value):
    """Demand, with where it was taken from."""

    classes: tuple[TaskClass, ...] = Field(min_length=1, max_length=20, description="The kinds of request.")
    peak_to_mean: float = Field(3, ge=1, le=1000, description="Busiest hour divided by the mean hour; sets replicas.")
    hourly_profile: tuple[float, ...] = Field(
        (), max_length=8784, description="Demand hour by hour (24 or 168 weights); replaces peak_to_mean when given."
    )
    volume_multiplier: float = Field(1, ge=0, le=1e6, description="What-if factor on every class's requests a day.")
    source: LongText = Field("", description="Where the workload comes from.")
    source_url: ShortText = Field("", description="Where it can be read.")
    licence: ShortText = Field("", description="Licence of the data behind it.")
    as_of: DateText = Field("", description="Date of the data: YYYY[-MM[-DD]].")
    usage: UsageReference | None = Field(
        None, description="The import that the classes and the profile were measured from; empty when typed in."
    )

    @model_validator(mode="after")
    def _profile(self) -> Workload:
        given = self.hourly_profile
        if given and (len(given) % 24 or min(given) < 0 or max(given) <= 0 or max(given) > MAX_WEIGHT):
            raise ValueError(
                "hourly_profile needs 24, 168 or another whole number of days of weights, 0 to 1e9, not all 0"
            )
        return self

    @property
    def peak_ratio(self) -> float:
        """Busiest hour over the mean hour: of the hourly profile when there is one, else as typed (CAP-2)."""
        given = self.hourly_profile
        return max(given) * len(given) / sum(given) if given else self.peak_to_mean


class LatencyTarget(Value):
    """What a user must not wait longer than."""

    ttft_slo_ms: float = Field(2000, gt=0, le=1e7, description="Time to first token, ms.")
    tpot_slo_ms: float = Field(60, gt=0, le=1e6, description="Time per output token after the first, ms.")
    slo_percentile: float = Field(95, ge=50, lt=100, description="Percentile at which both are to be held.")
