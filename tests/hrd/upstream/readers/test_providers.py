"""The providers' tables as data; what they read is tested with the recorded refusals."""

from hrd.core.catalogue import READERS
from hrd.core.failures import Verdict
from hrd.upstream.readers.providers import TABLES


def test_the_catalogue_may_name_every_table_and_no_other() -> None:
    assert set(TABLES) == set(READERS)


def test_words_can_match_and_no_rule_hides_the_rest_of_its_table() -> None:
    for table in TABLES.values():
        for rule in table:
            assert rule.status or rule.codes or rule.says or rule.sign, "it would fit everything"
            for words in (rule.codes, rule.says, rule.also):
                assert all(word and word == word.lower() for word in words)


def test_only_limits_name_a_window_and_only_missing_models_a_need() -> None:
    for rule in (rule for table in TABLES.values() for rule in table):
        assert not rule.period or rule.verdict is Verdict.QUOTA_EXHAUSTED
        assert not rule.needs or rule.verdict is Verdict.MODEL_UNAVAILABLE
        assert not rule.field or rule.verdict is Verdict.BAD_PARAM
