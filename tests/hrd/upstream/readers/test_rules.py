"""How a table is read: from the top, all conditions, codes and phrases as alternatives."""

from hrd.core.failures import Verdict
from hrd.upstream.readers.rules import Rule, first_fit
from hrd.upstream.readers.said import Said

SAID = Said(status=429, message="m", codes=frozenset({"slow"}), text="so much per day", signs=frozenset({"html"}))


def test_what_is_left_empty_asks_for_nothing() -> None:
    assert Rule(Verdict.EMPTY).fits(SAID)


def test_every_condition_has_to_hold() -> None:
    assert Rule(Verdict.EMPTY, status=(429,), also=("so much",), sign="html").fits(SAID)
    assert not Rule(Verdict.EMPTY, status=(400,), sign="html").fits(SAID)
    assert not Rule(Verdict.EMPTY, status=(429,), sign="sunset").fits(SAID)
    assert not Rule(Verdict.EMPTY, status=(429,), also=("so little",)).fits(SAID)


def test_a_code_or_a_phrase_is_enough() -> None:
    assert Rule(Verdict.EMPTY, codes=("slow",), says=("nothing of the kind",)).fits(SAID)
    assert Rule(Verdict.EMPTY, codes=("fast",), says=("per day",)).fits(SAID)
    assert not Rule(Verdict.EMPTY, codes=("fast",), says=("per year",)).fits(SAID)


def test_a_code_has_to_match_whole() -> None:
    assert not Rule(Verdict.EMPTY, codes=("slo",)).fits(SAID)


def test_the_first_that_fits_decides() -> None:
    first, second = Rule(Verdict.EMPTY, codes=("slow",)), Rule(Verdict.BROKEN)
    assert first_fit(((), (first, second)), SAID) is first
    assert first_fit(((second,), (first,)), SAID) is second
    assert first_fit(((),), SAID) is None
