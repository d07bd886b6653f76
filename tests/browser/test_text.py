"""What users type comes back letter for letter, wherever Streamlit or Plotly reads markup."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.browser.harness import AppPage, Server

HOSTILE = [
    "![i](https://tracker.example/a.png)",
    "[click](https://evil.example) and <https://evil.example>",
    "https://evil.example/x www.evil.example ftp://evil.example",
    "HTTPS://EVIL.EXAMPLE WWW.EVIL.EXAMPLE",
    "a@evil.example mailto:a@evil.example +1@evil.example",
    "<script>window.pwned=1</script>",
    "<img src=x onerror='window.pwned=1'>",
    "<b>bold</b> <a href='javascript:window.pwned=1'>x</a><br>y",
    "</div></p><!-- gone -->&lt;&amp;&#60;&copy;&nbsp;!",
    ":material/home: :material_home: :streamlit: :smile: :+1: :-1:",
    ":red[text] :blue-background[x] :small[s] :orange-badge[b] :color[x]{foreground=red}",
    "::leaf[x]{a=b} :::container",
    "$x^2$ $$y$$ costs $5 and $6",
    r"\(x\) \[y\] \alpha \\ \*",
    "*a* **b** _c_ __d__ ~~e~~ ~f~ `g` ``h`` ==i== ^j^",
    "# heading",
    "- item",
    "+ item",
    "1. one",
    "2) two",
    "> quote",
    "---",
    "===",
    "| a | b |",
    "[^1] [x]: https://evil.example [ ] [x]",
    "a -> b <- c <-> d -- e >= f <= g ~= h",
    "->",
    "--",
    ":( :) :D <3 8) (c) (tm) ... 'quoted' \"quoted\"",
    "12:30:45 10:1 C:\\dir\\file",
    "%{x} {{y}} ${z} %s",
    "Ünïcode 日本語 😀 \u202eabc",
]

SCRIPT = """
import streamlit as st
from planner.web.text import md, plain

SINKS = {
    "markdown": st.markdown,
    "sentence": lambda text: st.markdown(f"Name: {text} end"),
    "caption": st.caption,
    "info": st.info,
    "button": lambda text: st.button(text),
    "checkbox": lambda text: st.checkbox(text),
    "expander": lambda text: st.expander(text),
    "metric": lambda text: st.metric(text, 1),
}
for number, text in enumerate(%r):
    for name, draw in SINKS.items():
        with st.container(key=f"{name}-{number}"):
            draw(md(text))
    axes = {"title": {"text": plain(text)}}
    trace = {"x": [1, 2], "y": [1, 2], "name": plain(text), "showlegend": True}
    figure = {"data": [trace], "layout": {"title": {"text": plain(text)}, "xaxis": axes}}
    if number < 13:
        st.plotly_chart(figure, key=f"plotly-{number}")
"""
SINKS = ["markdown", "sentence", "caption", "info", "button", "checkbox", "expander", "metric"]

# For each drawn text: what it says, and which elements stand inside it.
READ_SINKS = """prefix => [...document.querySelectorAll(`[class*="st-key-${prefix}-"]`)].map(box => {
  const text = box.querySelector('[data-testid=stMarkdownContainer], [data-testid=stCaptionContainer]')
  const tags = [...new Set([...text.querySelectorAll('*')].map(e => e.tagName.toLowerCase()))]
  return [text.innerText, tags.filter(tag => tag !== 'p')]
})"""
READ_PLOTS = """() => [...document.querySelectorAll('[class*="st-key-plotly-"]')].map(box =>
  ['.gtitle', '.xtitle', '.legendtext'].map(part => box.querySelector(part).textContent))"""


@pytest.fixture(scope="module")
def hostile_server(serve: Callable[..., Server], tmp_path_factory: pytest.TempPathFactory) -> Server:
    script: Path = tmp_path_factory.mktemp("hostile") / "hostile.py"
    script.write_text(SCRIPT % HOSTILE, encoding="utf-8")
    return serve(script)


@pytest.fixture
def hostile(visit: Callable[[Server], AppPage], hostile_server: Server) -> AppPage:
    return visit(hostile_server).open()


def letters(text: str) -> str:
    return " ".join(text.replace("\u2060", "").split())


def test_markdown_shows_the_letters_and_makes_nothing_of_them(hostile: AppPage) -> None:
    assert hostile.page.get_by_test_id("stException").count() == 0
    for sink in SINKS:
        drawn = hostile.page.evaluate(READ_SINKS, sink)
        expected = [f"Name: {letters(text)} end" if sink == "sentence" else letters(text) for text in HOSTILE]
        assert [letters(text) for text, _ in drawn] == expected, sink
        assert [tags for _, tags in drawn] == [[]] * len(HOSTILE), sink
    assert hostile.page.evaluate("window.pwned") is None


def test_plotly_shows_the_letters_and_makes_nothing_of_them(hostile: AppPage) -> None:
    hostile.page.wait_for_function("document.querySelectorAll('.legendtext').length >= 13")
    drawn = hostile.page.evaluate(READ_PLOTS)

    assert [{letters(text) for text in parts} for parts in drawn] == [{letters(text)} for text in HOSTILE[:13]]
    assert hostile.page.locator(".svg-container a").count() == 0
    assert hostile.page.evaluate("window.pwned") is None
