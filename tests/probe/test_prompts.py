from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from planner.probe.manner import HIGHEST_IDS
from planner.probe.prompts import Prompts, first_guess, fitted


@given(st.integers(1, 300), st.sampled_from(HIGHEST_IDS))
def test_token_ids_are_of_the_length_and_range_that_was_asked(length: int, highest_id: int) -> None:
    prompt = Prompts("token_ids", length, highest_id).fresh()
    assert len(prompt) == length
    assert all(isinstance(token, int) and 300 <= token < highest_id for token in prompt)


@given(st.integers(1, 300))
def test_words_are_as_many_as_were_asked(length: int) -> None:
    prompt = Prompts("text", length, 0).fresh()
    assert isinstance(prompt, str)
    assert len(prompt.split(" ")) == length


def test_of_many_prompts_no_two_begin_alike() -> None:
    # 16 tokens are a block of the prefix cache: 700^16 and 29,000^16 beginnings
    ids = {tuple(Prompts("token_ids", 64, 30_000).fresh()[:16]) for _ in range(2000)}
    words = {tuple(str(Prompts("text", 64, 0).fresh()).split()[:16]) for _ in range(2000)}
    assert (len(ids), len(words)) == (2000, 2000)


def test_the_first_prompt_holds_the_highest_id_so_that_a_small_vocabulary_is_found_out() -> None:
    assert Prompts("token_ids", 8, 30_000).highest()[-1] == 29_999


@given(st.integers(8, 20_000), st.integers(0, 200), st.floats(1.0, 5.0))
def test_one_fit_corrects_for_template_and_tokeniser(wanted: int, template: int, each: float) -> None:
    wanted += template

    def tokens(prompts: Prompts) -> int:
        return template + round(each * prompts.length)

    first = first_guess("chat", wanted, 0)
    shortest = (1, tokens(first._replace(length=1)))
    better = fitted(first, wanted, shortest, [(first.length, tokens(first))])
    # rounding: half a token of each count, spread over the words of the guess, and half a word of the result
    slack = 1 + each + 2 * (better.length + 1) / max(first.length - 1, 1)
    assert abs(tokens(better) - wanted) <= slack


def test_a_prompt_that_cannot_be_short_enough_is_one_word() -> None:
    assert fitted(Prompts("chat", 10, 0), 5, (1, 40), [(10, 50)]).length == 1
