"""A session of the app without a browser, and what a user does in the sidebar."""

import datetime as dt
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Block

from planner.web.state import Draft

ROOT = Path(__file__).resolve().parents[2]
ON = dt.date(2026, 11, 21)


def new_session() -> AppTest:
    page = AppTest.from_file(str(ROOT / "planner" / "web" / "main.py"), default_timeout=30)
    page.context["url"] = "http://127.0.0.1:8501/"
    return page


def draft_of(app: AppTest) -> Draft:
    draft: Draft = app.session_state["draft"]
    return draft


def labelled(widgets: Any, label: str) -> Any:
    return next(w for w in widgets if w.label == label)


def act(app: AppTest, widget: Any) -> None:
    widget.run()
    assert not app.exception


def press(app: AppTest, label: str) -> None:
    act(app, labelled(app.button, label).click())


def type_in(app: AppTest, label: str, value: float) -> None:
    act(app, labelled(app.number_input, label).set_value(value))


def turn(app: AppTest, label: str, on: bool = True) -> None:
    act(app, labelled(app.toggle, label).set_value(on))


def go(app: AppTest, page: str) -> None:
    app.switch_page(f"../../pages/{page}.py").run()
    assert not app.exception


def open_option(app: AppTest, option_id: str) -> int:
    app.session_state[f"option-{option_id}"] = True
    app.run()
    return [o.option_id for o in draft_of(app).scenario.options].index(option_id)


def open_saved(app: AppTest, scenario_id: str) -> None:
    go(app, "scenarios")
    act(app, app.button(key=f"open-{scenario_id}").click())
    go(app, "decide")


def errors(app: AppTest) -> str:
    return " ".join(e.value for e in app.error).replace("\\", "").replace("\u2060", "")


def choose(app: AppTest, label: str, value: Any) -> None:
    act(app, labelled(app.selectbox, label).set_value(value))


def panels(block: Block) -> Iterator[tuple[str, str]]:
    """Key and label of every panel in a part of the page, in their order."""
    for child in block.children.values():
        found = re.fullmatch(r"\$\$ID-\w{32}-(.+)", getattr(getattr(child, "proto", None), "id", ""))
        if isinstance(child, Block):
            if found and child.type in ("expander", "popover"):
                yield found[1], getattr(child, "label", "")
            yield from panels(child)


def open_everything(app: AppTest) -> None:
    """Open every panel of the sidebar, and those that come to light in them."""
    while shut := [key for key, _ in panels(app.sidebar) if not app.session_state[key]]:
        for key in shut:
            app.session_state[key] = True
        app.run()
        assert not app.exception


def open_panel(app: AppTest, *names: str) -> None:
    """Open panels by their keys."""
    for name in names:
        app.session_state[name] = True
        app.run()
        assert not app.exception
