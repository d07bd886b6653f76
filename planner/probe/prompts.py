"""Fresh random prompts, no two alike: token ids, or words whose number is fitted to the tokens that are wanted."""

from __future__ import annotations

import os
import random
from typing import NamedTuple

from planner.domain.measurement import PromptKind

LOWEST_FRACTION = 30
"""Token ids start at a thirtieth of the highest: below lie special and single-byte tokens."""
LEAST_LOWEST = 300
FIRST_TOKENS_PER_WORD = 1.3
_TEXT = (
    "able acid after again air along animal answer apple arm army art autumn back bad ball band bank base bath bear "
    "bed bell bird black blood blue board boat body bone book box boy branch bread bridge bright brother brown "
    "build burn bus butter cake call camp car card care cat chain chair chalk cheap child church circle city clay "
    "clean clear clock cloth cloud coal coat cold colour comb cook copper copy cord cork corn cotton count country "
    "cow crack cross cry cup current curve dark daughter day dear deep desk dish dog door doubt down drain dress "
    "drink drive drop dry dust ear early earth east edge egg engine even eye face fact fall family far farm fast "
    "father fear field fight finger fire first fish flag flat floor flower fly fold food foot force fork form four "
    "frame free friend front fruit full game garden gate girl give glass glove goat gold good grain grass great "
    "green grey group grow gun hair half hammer hand hard hat head heart heat help high hill hole home hook hope "
    "horn horse hour house ice idea ink iron island jewel join judge jump keep key kick kind king kiss knee knife "
    "knot lake lamp land large last late laugh law lead leaf left leg letter level light line lip list lock long "
    "loud love low machine man map mark market mass meal meat milk mind mine money month moon morning mother "
    "mountain mouth move music nail name narrow near neck need net new night noise north nose note number nut oil "
    "old open orange oven page paint paper part past pen picture pipe place plane plant plate play pocket point pot "
    "powder power print pull pump push quick quiet rain rat red rice right ring river road rock roll roof room root "
    "rose round rule run salt sand school sea seat seed ship shirt shoe shop short side silk silver sister size "
    "skin sky sleep slow small smoke snake snow soap sock soft son song south spade spoon spring square stage stamp "
    "star steam steel step stick stone stop storm street strong sugar summer sun table tail tall taste ten thick "
    "thin three thumb time tin toe tooth top town train tree two under valley voice walk wall war warm wash water "
    "wave wax way week well west wet wheel whip white wide wind window wine wing winter wire wood wool word work "
    "worm year yellow young "
)
_WORDS = tuple(_TEXT.split())


class Prompts(NamedTuple):
    """How prompts of one length are made. Every call gives a new one, from the randomness of the system."""

    kind: PromptKind
    length: int
    """Token ids, or words."""
    highest_id: int

    def fresh(self) -> list[int] | str:
        """A prompt that was never sent before."""
        chance = random.Random(os.urandom(32))
        if self.kind == "token_ids":
            lowest = max(LEAST_LOWEST, self.highest_id // LOWEST_FRACTION)
            return chance.choices(range(lowest, self.highest_id), k=self.length)
        return " ".join(chance.choices(_WORDS, k=self.length))

    def highest(self) -> list[int] | str:
        """A prompt that holds the highest token id that may be drawn, to see whether the server takes it."""
        prompt = self.fresh()
        return [*prompt[:-1], self.highest_id - 1] if isinstance(prompt, list) else prompt


def first_guess(kind: PromptKind, wanted_tokens: int, highest_id: int) -> Prompts:
    """Prompts before anything is known of the tokeniser."""
    if kind == "token_ids":
        return Prompts(kind, wanted_tokens, highest_id)
    return Prompts(kind, max(1, round(wanted_tokens / FIRST_TOKENS_PER_WORD)), highest_id)


def fitted(prompts: Prompts, wanted_tokens: int, shortest: tuple[int, int], seen: list[tuple[int, int]]) -> Prompts:
    """Prompts of `wanted_tokens`, from (length, tokens) pairs that were seen: tokens = template + each x length.

    `shortest` is a prompt so short that its tokens are the template's; all others are pooled, as words differ.
    """
    lengths = sum(length - shortest[0] for length, _ in seen)
    tokens = sum(tokens - shortest[1] for _, tokens in seen)
    each = tokens / lengths if lengths > 0 and tokens > 0 else FIRST_TOKENS_PER_WORD
    return prompts._replace(length=max(1, shortest[0] + round((wanted_tokens - shortest[1]) / each)))
