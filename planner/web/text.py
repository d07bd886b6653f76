"""What users typed, made harmless for the places that read it as markup."""

import re

_WORD_JOINER = "\u2060"  # zero width, never breaks a line: keeps two characters from being read as one sign
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_PUNCTUATION = re.compile(r"[!-/:-@\[-`{-~]")
# Streamlit looks for these after Markdown is done, where a backslash no longer protects:
# :icon:, https://, a@b.c, www., -> <- <-> -- >= <= ~=
_READ_AS_ONE_SIGN = re.compile(r":(?=\S)|@(?=\S)|www(?=\.)|[-<>~](?=[-=>])", re.IGNORECASE)


def one_line(text: str) -> str:
    """Put text on one line, without control characters and with single spaces."""
    return " ".join(_UNPRINTABLE.sub(" ", text).split())


def md(text: str) -> str:
    """Write text so that Streamlit's Markdown shows it letter for letter, on one line.

    No image, link, icon, formula, colour or HTML comes out of it. Use it wherever a label or st.markdown shows what a
    user typed; not for st.text, table cells or page titles, which are not Markdown and would show the backslashes.
    """
    separated = _READ_AS_ONE_SIGN.sub(lambda found: found.group() + _WORD_JOINER, one_line(text))
    return _PUNCTUATION.sub(lambda found: "\\" + found.group(), separated)


def plain(text: str) -> str:
    """Write text so that Plotly shows it letter for letter, on one line: its titles and labels read a little HTML.

    For text that is a whole title, name or label. Never put user text into a template: `%{...}` is replaced there.
    """
    return one_line(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def small(escaped: str) -> str:
    """Markdown in small type at full contrast (`st.caption` is too pale for WCAG AA). User text: `md` first."""
    return f":small[{escaped}]"
