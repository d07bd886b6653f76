"""Colours that stay apart for every kind of colour vision (Okabe-Ito), for light and dark pages."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, NamedTuple

Theme = Literal["light", "dark"]


class Ink(NamedTuple):
    """Colours of everything that is not data; `halo` is the page behind."""

    text: str
    muted: str
    grid: str
    halo: str


class Style(NamedTuple):
    """How one option's line is drawn: dashed when paid per token, solid when self-hosted."""

    color: str
    dash: str


INKS: dict[Theme, Ink] = {
    "light": Ink("#1f2933", "#52606d", "#e4e7eb", "#ffffff"),
    "dark": Ink("#f2f4f7", "#b4bcc6", "#3a3f47", "#171614"),
}
VERMILION, BLUE, GREEN, PURPLE, ORANGE, SKY = "#D55E00", "#0072B2", "#009E73", "#CC79A7", "#E69F00", "#56B4E9"
DARK_ORANGE, DARK_SKY, LIGHT_BLUE = "#A66F00", "#2A85B8", "#3D9BD9"
"""Orange and sky, darkened to 3:1 on white, and blue, lightened to 3:1 on black: thin lines need it, fills do not."""
PER_TOKEN: dict[Theme, tuple[str, ...]] = {
    "light": (VERMILION, PURPLE, DARK_ORANGE),
    "dark": (VERMILION, PURPLE, ORANGE),
}
SELF_HOST: dict[Theme, tuple[str, ...]] = {"light": (BLUE, GREEN, DARK_SKY), "dark": (LIGHT_BLUE, GREEN, SKY)}
PER_TOKEN_DASHES = ("dash", "dot", "dashdot")
SELF_HOST_DASHES = ("solid", "longdash", "longdashdot")
YELLOW, GREY = "#F0E442", "#8A939E"
PARTS = {
    "Tokens": VERMILION,
    "GPUs": BLUE,
    "Energy": YELLOW,
    "Facility": SKY,
    "People": GREEN,
    "Fine-tuning": "#6A3D9A",
    "Other": ORANGE,
    "One-off, spread": PURPLE,
    "One-off": PURPLE,
    "Rounding": GREY,
}
"""Fills of the parts of a cost, always with a legend."""
WIN_BAND: dict[Theme, str] = {"light": "rgba(0,114,178,0.15)", "dark": "rgba(61,155,217,0.28)"}


def styles(kinds: Iterable[str], theme: Theme) -> list[Style]:
    """One style per option, each side counted on its own; colours repeat only with another dash."""
    seen = {True: 0, False: 0}
    drawn = []
    for kind in kinds:
        own = kind not in {"api", "hosted", "provisioned"}
        colors = (SELF_HOST if own else PER_TOKEN)[theme]
        dashes = SELF_HOST_DASHES if own else PER_TOKEN_DASHES
        turn, place = divmod(seen[own], len(colors))
        drawn.append(Style(colors[place], dashes[turn % len(dashes)]))
        seen[own] += 1
    return drawn


def contrast(one: str, other: str) -> float:
    """WCAG contrast ratio of two `#rrggbb` colours."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(color: str) -> float:
    channels = (int(color[i : i + 2], 16) / 255 for i in (1, 3, 5))
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
