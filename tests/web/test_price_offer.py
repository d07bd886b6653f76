"""Per-token options in the sidebar: every provider of the catalog, regions and tiers, and how long caches are kept."""

from streamlit.testing.v1 import AppTest

from planner.domain.options import HostedOption
from planner.web.state import catalog
from tests.web.editor import act, choose, draft_of, labelled, open_option, open_panel, turn

GROQ = "groq-gpt-oss-120b"


def panel(name: str) -> str:
    return f"more-options-{GROQ.replace('-', '_d')}-{name}"


def option_now(app: AppTest) -> HostedOption:
    found = next(o for o in draft_of(app).scenario.options if o.option_id == GROQ)
    assert isinstance(found, HostedOption)
    return found


def test_a_host_that_only_our_rows_have_is_offered_with_its_models(app: AppTest) -> None:
    open_option(app, GROQ)
    choose(app, "Provider", "deepinfra")
    assert labelled(app.selectbox, "Model").options == list(catalog().models("deepinfra"))
    choose(app, "Model", "openai/gpt-oss-120b")
    option = option_now(app)
    assert (option.provider, option.model) == ("deepinfra", "openai/gpt-oss-120b")
    assert not app.error


def test_another_provider_starts_from_its_usual_offer(app: AppTest) -> None:
    open_option(app, GROQ)
    open_panel(app, panel("offer"))
    act(app, labelled(app.text_input, "Region of the price (empty = the usual price)").set_value("eu-west-1"))
    choose(app, "Service tier", "flex")
    option = option_now(app)
    assert (option.region, option.service_tier) == ("eu-west-1", "flex")
    choose(app, "Provider", "deepinfra")
    option = option_now(app)
    assert (option.region, option.service_tier) == ("", "standard")


def test_another_provider_starts_from_a_model_that_is_still_served(app: AppTest) -> None:
    """The first in the list, claude-2, is gone since 2025."""
    open_option(app, GROQ)
    choose(app, "Provider", "anthropic")
    assert catalog().models("anthropic")[0] == "claude-2"
    assert option_now(app).model == "claude-3-haiku"


def test_a_typed_price_starts_from_the_list_with_its_one_hour_writes(app: AppTest) -> None:
    open_option(app, GROQ)
    choose(app, "Provider", "anthropic")
    choose(app, "Model", "claude-haiku-4-5")
    open_panel(app, panel("cache"))
    choose(app, "Written caches are kept", "1h")
    turn(app, "Type in the price")
    option = option_now(app)
    assert option.cache_write_ttl == "1h"
    assert option.price is not None
    assert (str(option.price.cache_write_usd_per_mtok), str(option.price.cache_write_1h_usd_per_mtok)) == ("1.25", "2")
    assert option.price.batch_discount_fraction == 0.5
