import html
import re
import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.web.text import md, plain

WORD_JOINER = "\u2060"


ESCAPE = re.compile(r"\\([!-/:-@\[-`{-~])")


def printable_words(text: str) -> list[str]:
    """The words of a text as a reader sees them: control characters separate, joiners are invisible."""
    return re.sub(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]", " ", text).replace(WORD_JOINER, "").split()


@settings(deadline=None)
@given(st.text())
def test_markdown_shows_every_letter(text: str) -> None:
    assert printable_words(ESCAPE.sub(r"\1", md(text))) == printable_words(text)


@settings(deadline=None)
@given(st.text())
def test_no_punctuation_is_left_for_markdown(text: str) -> None:
    assert not set(string.punctuation) & set(ESCAPE.sub("", md(text)))


@settings(deadline=None)
@given(st.text())
def test_markdown_stays_on_one_line_and_never_starts_a_code_block(text: str) -> None:
    shown = md(text)

    assert shown == shown.strip()
    assert len(shown.splitlines()) <= 1


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Llama 3 70B", "Llama 3 70B"),
        ("", ""),
        ("a\n\tb\x00c", "a b c"),
        ("50% of 8*H100 (net)", r"50\% of 8\*H100 \(net\)"),
        ("[a](b)", r"\[a\]\(b\)"),
        ("10:30 am", f"10\\:{WORD_JOINER}30 am"),
        ("note: this", r"note\: this"),
        ("a@b.example", f"a\\@{WORD_JOINER}b\\.example"),
        ("www.a.example", f"www{WORD_JOINER}\\.a\\.example"),
        ("a -> b", f"a \\-{WORD_JOINER}\\> b"),
        ("\\", "\\\\"),
    ],
)
def test_markdown_examples(text: str, expected: str) -> None:
    assert md(text) == expected


@settings(deadline=None)
@given(st.text())
def test_plotly_shows_every_letter_and_no_tag(text: str) -> None:
    written = plain(text)

    assert not {"<", ">"} & set(written)
    assert printable_words(html.unescape(written)) == printable_words(text)


def test_plotly_examples() -> None:
    assert plain('<a href="x">R&D</a>\n<b>') == '&lt;a href="x"&gt;R&amp;D&lt;/a&gt; &lt;b&gt;'
