"""How every field of the scenario is shown in the table of assumptions: its label, unit and form."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from planner.units import CALENDARS, round_half_up


def number(value: Any) -> str:
    """Digits as far as they go."""
    text = f"{round_half_up(value, 8):,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def pct(value: Any) -> str:
    """A share as a percentage, without its sign."""
    return number(round_half_up(value * 100, 6))


def _words(value: Any) -> str:
    return str(value).replace("_", " ")


def _yes(value: Any) -> str:
    return "yes" if value else "no"


def _judged(value: Any) -> str:
    return "yes: you hold one that covers it" if value else "no"


def _model(value: Any) -> str:
    return f"{value.name}, {value.total_params / 1e9:,.2f} billion parameters"


class Field(NamedTuple):
    """How one field of a value is shown."""

    name: str
    label: str
    unit: str = ""
    show: Callable[[Any], str] = str


SCENARIO = (
    Field("horizon_months", "Horizon", "months", number),
    Field("calendar", "Calendar", "hours/month", lambda name: number(CALENDARS[name].hours_per_month)),
    Field("staff_usd_per_hour", "Engineer, one-off work", "USD/hour", number),
    Field("fte_usd_per_year", "Engineer, full time, loaded", "USD/year", number),
    Field("tie_band_fraction", "Tie band", "%", pct),
)
ORGANISATION = (
    Field("commercial_use", "Commercial use", "", _yes),
    Field("eu_domiciled", "Based in the EU", "", _yes),
    Field("monthly_active_users", "Monthly users now, affiliates included", "users", number),
    Field("monthly_active_users_at_release", "Monthly users before the model's release", "users", number),
    Field("revenue_usd_per_month", "Revenue of the group", "USD/month", number),
    Field("revenue_usd_per_year", "Revenue of the group", "USD/year", number),
)
PROFILE = (Field("peak_ratio", "Busiest hour / mean hour, of the hourly profile", "ratio", number),)
PEAK = (Field("peak_to_mean", "Busiest hour / mean hour", "ratio", number),)
WORKLOAD = (Field("volume_multiplier", "What-if factor on volume", "ratio", number),)
LATENCY = (
    Field("ttft_slo_ms", "Time to first token, target", "ms", number),
    Field("tpot_slo_ms", "Time per output token, target", "ms", number),
    Field("slo_percentile", "Targets held at percentile", "%", number),
)
PER_TOKEN = (Field("provider", "Provider"), Field("model", "Model"))
RENTED = (
    Field("model_id", "Model"),
    Field("model", "Imported model", "", _model),
    Field("format_id", "Weight format"),
    Field("gpu_id", "GPU"),
    Field("gpus_per_replica", "GPUs per replica", "GPUs", number),
    Field("price_id", "Rental price, catalog row"),
    Field("allowed_utilisation_fraction", "Capacity planned for at peak", "%", pct),
    Field("min_replicas", "Replicas kept when idle", "replicas", number),
    Field("spare_replicas", "Spare replicas", "replicas", number),
    Field("replica_step", "Replicas rented in multiples of", "replicas", number),
    Field("prefix_cache_hit_fraction", "Cached input that hits here", "%", pct),
    Field("gpu_memory_utilisation_fraction", "GPU memory the server may use", "%", pct),
    Field("gpu_overhead_gib", "Memory overhead per GPU", "GiB", number),
    Field("kv_cache_bits", "KV-cache element", "bits", number),
)
OPERATIONS = (
    Field("setup_hours", "Setup", "hours", number),
    Field("other_one_off_usd", "Other one-off cost", "USD", number),
    Field("fte_fraction", "Engineers kept busy", "full-time engineers", number),
    Field("other_usd_per_month", "Other running cost", "USD/month", number),
)
TYPED = (
    Field("input_usd_per_mtok", "Fresh input price", "USD per 1M tokens", number),
    Field("cached_input_usd_per_mtok", "Cached input price", "USD per 1M tokens", number),
    Field("cache_write_usd_per_mtok", "Cache write price", "USD per 1M tokens", number),
    Field("cache_write_1h_usd_per_mtok", "Cache write price, kept one hour", "USD per 1M tokens", number),
    Field("output_usd_per_mtok", "Output price", "USD per 1M tokens", number),
    Field("reasoning_usd_per_mtok", "Reasoning price", "USD per 1M tokens", number),
    Field("batch_discount_fraction", "Batch discount", "%", pct),
    Field("long_context_threshold_tokens", "Long-context threshold", "prompt tokens", number),
    Field("long_input_multiplier", "Long-context factor, input", "ratio", number),
    Field("long_output_multiplier", "Long-context factor, output", "ratio", number),
    Field("usd_per_gpu_hour", "Rental price", "USD per GPU-hour", number),
    Field("output_tokens_per_s_per_replica", "Throughput", "output tokens/s per replica", number),
    Field("prefill_tokens_per_s_per_replica", "Prefill throughput", "prompt tokens/s per replica", number),
    Field("decode_tokens_per_s_per_replica", "Decode throughput", "output tokens/s per replica", number),
    Field("held_at_slo", "Measured while the latency target was met", "", lambda held: "yes" if held else "no"),
    Field("low_fraction", "Throughput, low end", "% of the likely figure", pct),
    Field("high_fraction", "Throughput, high end", "% of the likely figure", pct),
)
TIMELINE = (
    Field("discount_rate_per_year", "Discount rate", "% a year", pct),
    Field("api_price_decline_per_year", "Decline of per-token prices", "% a year", pct),
    Field("gpu_price_decline_per_year", "Decline of GPU prices", "% a year", pct),
    Field("power_price_decline_per_year", "Decline of the electricity price", "% a year", pct),
    Field("wage_growth_per_year", "Growth of wages", "% a year", pct),
    Field("price_basis", "What the API decline holds constant", "", _words),
    Field("efficiency_gain_per_refresh", "Own throughput gained at each refresh", "%", pct),
    Field("refresh_every_months", "Months between refreshes", "months", number),
)
GROWTH = (
    Field("shape", "Growth of volume, shape", "", _words),
    Field("per_month", "Growth of volume", "% a month", pct),
    Field("ceiling_ratio", "Volume in the end", "times today's", number),
    Field("steepness_per_month", "Steepness of the S-curve", "per month", number),
    Field("midpoint_month", "Month of half the final volume", "month", number),
    Field("launch_month", "First month at full volume", "month", number),
    Field("before_fraction", "Volume before the launch", "%", pct),
)
EVERY_OPTION = (
    Field("quality_score", "Quality score, own evaluation", "0 to 100", number),
    Field("success_fraction", "Answers that are usable", "%", pct),
    Field("input_token_ratio", "Prompt tokens per workload token", "ratio", number),
    Field("output_token_ratio", "Output tokens per workload token", "ratio", number),
    Field("modalities", "Reads", "", ", ".join),
    Field("licence_allows", "Licence allows this use", "", _judged),
    Field("private_allowed", "May serve private classes", "", _yes),
)
CONTRACT = (
    Field("region", "Region of the list price"),
    Field("service_tier", "Service tier of the list price"),
    Field("cache_write_ttl", "Life of written caches"),
    Field("cache_ttl_s", "Cache life", "s", number),
    Field("prefixes", "Different cached prefixes", "prefixes", number),
    Field("cache_storage_usd_per_mtok_hour", "Storage of cached tokens", "USD per 1M tokens and hour", number),
    Field("commitment_usd_per_month", "Commitment", "USD/month", number),
    Field("commitment_discount_fraction", "Discount for the commitment", "%", pct),
    Field("spend_tier_mode", "Volume discount applies to", "", _words),
    Field("limit_requests_per_min", "Rate limit, requests", "per minute", number),
    Field("limit_tokens_per_min", "Rate limit, tokens", "per minute", number),
)
FLEET = (
    Field("throughput_source", "Throughput taken from"),
    Field("term", "Term", "", _words),
    Field("term_months", "Length of the term", "months", number),
    Field("upfront_fraction", "Paid before each term", "%", pct),
    Field("regions", "Regions", "regions", number),
    Field("survive_region_loss", "Carries the peak when a region fails", "", _yes),
    Field("availability_target_fraction", "Availability wanted", "%", pct),
    Field("replica_availability_fraction", "Availability of one replica", "%", pct),
    Field("batch_fills_troughs", "Deferrable requests fill idle hours", "", _yes),
    Field("extra_work_fraction", "Extra work per request", "%", pct),
    Field("storage_usd_per_gb_month", "Storage of weights", "USD per GB and month", number),
    Field("pull_usd_per_gb", "Loading weights at a start", "USD per GB", number),
)
SERVING = (
    Field("engine", "Serving engine"),
    Field("engine_version", "Version of the engine"),
    Field("pipeline_parallel", "Layers split over", "stages", number),
    Field("expert_parallel", "Experts spread over the GPUs", "", _yes),
    Field("max_num_seqs", "Requests side by side, at most", "requests", number),
    Field("max_model_len", "Longest request taken", "tokens", number),
    Field("lora_adapters", "LoRA adapters served", "adapters", number),
)
SPECULATIVE = (
    Field("draft_tokens", "Speculative decoding, tokens proposed", "tokens a step", number),
    Field("acceptance_fraction", "Speculative decoding, proposals kept", "%", pct),
    Field("draft_cost_fraction", "Speculative decoding, time of a proposal", "% of a step", pct),
)
CALIBRATION = (
    Field("input_tokens", "Calibration, prompt computed", "tokens/request", number),
    Field("output_tokens", "Calibration, output", "tokens/request", number),
)
SCALING = (
    Field("mode", "Scaling", "", _words),
    Field("lead_hours", "Capacity started ahead", "hours", number),
    Field("cold_start_minutes", "Cold start", "minutes", number),
    Field("days_per_week", "Scheduled days a week", "days", number),
    Field("hours_per_day", "Scheduled hours a day", "hours", number),
)
SPOT = (
    Field("monthly_interruption_fraction", "Instances interrupted in a month", "%", pct),
    Field("outage_hours", "Outage at each interruption", "hours", number),
    Field("paid_hours", "Paid and lost at each interruption", "hours", number),
    Field("fallback_usd_per_gpu_hour", "What serves meanwhile", "USD per GPU-hour", number),
)
SERVER = (
    Field("usd_per_server", "Server, purchase", "USD", number),
    Field("gpus_per_server", "GPUs in a server", "GPUs", number),
    Field("life_months", "Life", "months", number),
    Field("residual_fraction", "Residual value", "% of the price", pct),
    Field("idle_kw", "Power, idle", "kW per server", number),
    Field("max_kw", "Power, busy", "kW per server", number),
    Field("pue_ratio", "PUE", "ratio", number),
    Field("electricity_usd_per_kwh", "Electricity", "USD per kWh", number),
    Field("colocation_usd_per_kw_month", "Colocation", "USD per kW and month", number),
    Field("maintenance_fraction_per_year", "Maintenance", "% of the price a year", pct),
    Field("licence_usd_per_gpu_year", "Software licences", "USD per GPU and year", number),
)
WORKSTATION = (
    Field("model", "Model"),
    Field("developers", "Machines for people", "machines", number),
    Field("prompt_tokens_per_s", "Prompt speed", "tokens/s", number),
    Field("output_tokens_per_s", "Output speed", "tokens/s per request", number),
    Field("parallel_slots", "Requests side by side", "requests", number),
    Field("usd_per_machine", "Machine, purchase", "USD", number),
    Field("allocated_fraction", "Share of it charged here", "%", pct),
    Field("life_months", "Life", "months", number),
    Field("residual_fraction", "Residual value", "% of the price", pct),
    Field("busy_kw", "Power, busy", "kW", number),
    Field("electricity_usd_per_kwh", "Electricity", "USD per kWh", number),
    Field("extra_wait_s_per_request", "Extra wait per request", "s", number),
)
PROVISIONED = (
    Field("model", "Model"),
    Field("tokens_per_minute_per_unit", "Capacity of a unit", "input-equivalent tokens/min", number),
    Field("output_weight", "An output token counts for", "input tokens", number),
    Field("cached_weight", "A cached token counts for", "input tokens", number),
    Field("min_units", "Smallest number of units", "units", number),
    Field("unit_increment", "Units in steps of", "units", number),
    Field("usd_per_unit_month", "Price of a unit", "USD/month", number),
    Field("term_months", "Commitment", "months", number),
    Field("overflow_id", "What the units cannot take goes to"),
)
HYBRID = (
    Field("base_id", "Own fleet"),
    Field("overflow_id", "Per-token option beside it"),
    Field("mode", "Mode", "", _words),
    Field("base_replicas", "Own replicas, fixed", "replicas", number),
    Field("escalated_fraction", "Share asked again", "%", pct),
)
TUNING = (
    Field("method", "Fine-tuning method"),
    Field("training_tokens", "Training set", "tokens", number),
    Field("epochs", "Passes over it", "epochs", number),
    Field("experiments", "Runs tried for one kept", "runs", number),
    Field("runs_per_year", "Fine-tunings", "a year", number),
    Field("usd_per_gpu_hour", "Training GPU", "USD per GPU-hour", number),
    Field("evaluation_hours", "Evaluation of each", "hours", number),
    Field("data_hours", "Data for each", "hours", number),
)
MORE_OPERATIONS = (
    Field("ramp_up_hours", "Learning, one-off", "hours", number),
    Field("updates_per_year", "Updates", "a year", number),
    Field("hours_per_update", "Work for an update", "hours", number),
    Field("evaluations_per_year", "Evaluations", "a year", number),
    Field("hours_per_evaluation", "Work for an evaluation", "hours", number),
    Field("support_usd_per_month", "Support", "USD/month", number),
    Field("compliance_usd_per_year", "Compliance", "USD/year", number),
    Field("monitoring_usd_per_gpu_month", "Monitoring", "USD per GPU and month", number),
)
