"""The sidebar has a widget for every field that a scenario can have, and no two of one option have the same name."""

from collections import Counter
from collections.abc import Iterator
from typing import Any, get_args

from pydantic import BaseModel
from streamlit.testing.v1 import AppTest

from planner.domain.scenario import Scenario
from planner.domain.serving import CalibrationPoint, MeasuredBy
from planner.domain.usage import UsageReference
from planner.web.option_kinds import KIND_NAMES, new_option
from planner.web.state import PathKey
from tests.web.editor import draft_of, open_everything

NO_WIDGET = {
    ("Scenario", "schema_version"),
    ("TaskClass", "class_id"),
    ("Workload", "volume_multiplier"),  # beside the answer
    # set by an import on the page Workload
    *(("UsageReference", name) for name in UsageReference.model_fields),
    # the lines of one table of points
    *(("CalibrationPoint", name) for name in CalibrationPoint.model_fields),
    # set by using a measurement on the page Probe
    *(("MeasuredBy", name) for name in MeasuredBy.model_fields),
    ("DriverRange", "driver"),  # fixed when the range is added, like the ids
    *((kind, "option_id") for kind in ("ApiOption", "HostedOption", "RentedOption", "OwnedOption")),
    *((kind, "option_id") for kind in ("WorkstationOption", "ProvisionedOption", "HybridOption")),
}
SHAPES: list[dict[str, Any]] = [
    {"kind": "fixed", "value": 1},
    {"kind": "uniform", "low": 1, "high": 2},
    {"kind": "triangular", "low": 1, "mode": 1, "high": 2},
    {"kind": "pert", "low": 1, "mode": 1, "high": 2},
    {"kind": "lognormal", "p10": 1, "p90": 2},
    {"kind": "discrete", "values": [1, 2], "weights": [1, 1]},
]
DRIVERS = ("volume", "peak", "throughput", "api_price", "gpu_price", "power_price")
TUNING = {"training_tokens": 1e6, "active_params": 1e9, "tflops_per_gpu": 100, "usd_per_gpu_hour": 2}
PAIR = {"prefill_tokens_per_s_per_replica": 9000, "decode_tokens_per_s_per_replica": 3000}
POINTS = {"input_tokens": 1000, "output_tokens": 200, "points": [{"requests_in_flight": 8, "output_tokens_per_s": 500}]}
SERVING = {"speculative": {"draft_tokens": 3, "acceptance_fraction": 0.7, "draft_cost_fraction": 0.05}}
MODEL = {
    **dict.fromkeys(("total_params", "active_params"), 8_000_000_000),
    "layers": 32,
    "hidden_size": 4096,
    "attention_heads": 32,
    "kv_heads": 8,
    "head_dim": 128,
    "vocab_size": 128_256,
    "name": "Ours",
    "tied_embeddings": False,
    "attention": "GQA",
    "max_context_tokens": 131_072,
    "kv_bytes_per_token_16bit": 131_072,
}
VARIANTS: list[dict[str, Any]] = [
    {
        "rented": {
            "term": "spot",
            "spot": {"fallback_usd_per_gpu_hour": "3"},
            "scaling": {"mode": "autoscale"},
            "serving": SERVING,
        },
        "owned": {
            "calibration": POINTS,
            "throughput": {"output_tokens_per_s_per_replica": 900},
            "tuning": TUNING,
            "model": MODEL,
        },
        "api": {"price": {"input_usd_per_mtok": "1", "output_usd_per_mtok": "2"}},
        "hosted": {"spend_tiers": [{"above_usd_per_month": "5000", "discount_fraction": 0.05}]},
        "hybrid": {"mode": "overflow"},
        "shape": "s_curve",
    },
    {
        "rented": {"term": "reserved", "price": {"usd_per_gpu_hour": "2"}, "price_id": None, "throughput": PAIR},
        "owned": {"scaling": {"mode": "schedule"}, "throughput": PAIR},
        "api": {"spend_tiers": [{"above_usd_per_month": "5000", "discount_fraction": 0.05}]},
        "hosted": {"price": {"input_usd_per_mtok": "1", "output_usd_per_mtok": "2"}},
        "hybrid": {"mode": "cascade"},
        "shape": "launch",
    },
    {
        "rented": {"tuning": TUNING, "scaling": {"mode": "schedule"}, "availability_target_fraction": 0.999},
        "owned": {"scaling": {"mode": "autoscale"}},
        "shape": "linear",
    },
]


def whole(scenario: Scenario, variant: dict[str, Any]) -> Scenario:
    """A scenario with an option of every kind, a range of every kind, and a soft criterion."""
    kept = scenario.model_copy(
        update={"options": tuple(o for o in scenario.options if o.option_id in ("groq-gpt-oss-120b", "own-h200"))}
    )
    options = [{**(new_option(kept, kind) or {}), **variant.get(kind, {})} for kind in KIND_NAMES]
    ranges = [{"driver": driver, "distribution": shape} for driver, shape in zip(DRIVERS, SHAPES, strict=True)]
    return Scenario.model_validate(
        scenario.model_dump()
        | {
            "options": [*(option.model_dump() for option in kept.options), *options],
            "timeline": {"growth": {"shape": variant["shape"]}},
            "currency": {"code": "EUR", "units_per_usd": "0.895095", "as_of": "2026-10-30", "source": "ECB"},
            "soft_weights": {"support": 1, "sup_port": 2, "sup-port": 3},
            "uncertainty": {
                "drivers": ranges,
                "correlations": [{"a": "volume", "b": "api_price", "spearman": 0.3}],
            },
        }
    )


def every_field(model: type[BaseModel]) -> Iterator[tuple[str, str]]:
    """Every field that holds a value itself, of a type and of the types in it."""
    for name, info in model.model_fields.items():
        inner = list(models_in(info.annotation))
        if not inner:
            yield model.__name__, name
        for kind in inner:
            yield from every_field(kind)


def models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from models_in(part)


def owner(scenario: Scenario, path: PathKey) -> tuple[str, str]:
    """The type that a field belongs to, and its name; an entry by name belongs to the field that holds it."""
    found: Any = scenario
    for part in path[:-1]:
        inner = getattr(found, str(part)) if isinstance(found, BaseModel) else found[part]
        if isinstance(inner, dict):
            return type(found).__name__, str(part)
        found = inner
    return type(found).__name__, str(path[-1])


def show(app: AppTest, variant: dict[str, Any]) -> None:
    current = draft_of(app)
    current.scenario = whole(current.scenario, variant)
    current.start_afresh()
    app.run()
    open_everything(app)


def test_the_sidebar_holds_every_field_of_the_scenario(app: AppTest) -> None:
    found = set()
    for variant in VARIANTS:
        show(app, variant)
        found |= {owner(draft_of(app).scenario, path) for path in draft_of(app).shown}
    assert set(every_field(Scenario)) - found == NO_WIDGET
    assert not app.error


def test_labels_are_unique_in_each_option_and_have_help(app: AppTest) -> None:
    show(app, VARIANTS[0])
    epoch = draft_of(app).epoch
    kinds = ("number_input", "selectbox", "text_input", "text_area", "checkbox", "multiselect")
    widgets: list[Any] = [widget for kind in kinds for widget in app.sidebar.get(kind)]
    fields = [w for w in widgets if str(w.key).startswith(f"in{epoch}-")]
    for index in range(len(draft_of(app).scenario.options)):
        names = Counter(w.label for w in fields if str(w.key).startswith(f"in{epoch}-options-{index}-"))
        assert names
        repeated = {name for name, times in names.items() if times > 1}
        assert repeated <= {"Origin", "Source", "Address of the source", "Date of the figure", "Note on the figure"}
    assert [w.label for w in fields if not w.help] == []


def test_a_closed_panel_costs_nothing(app: AppTest) -> None:
    current = draft_of(app)
    current.scenario = whole(current.scenario, VARIANTS[0])
    current.start_afresh()
    app.run()
    assert {path[0] for path in current.shown} == {"workload"}
