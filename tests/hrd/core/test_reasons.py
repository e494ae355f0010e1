"""Why a candidate cannot be asked, in words."""

import pytest

from hrd.core.conclusion import PASSING, PASSING_IF_SAID
from hrd.core.failover import RULES
from hrd.core.reasons import in_words

REASONS = {rule.reason for rule in RULES.values() if rule.reason} | PASSING | PASSING_IF_SAID


@pytest.mark.parametrize("reason", sorted(REASONS))
def test_every_reason_for_which_somebody_cannot_be_asked_has_words(reason: str) -> None:
    assert len(in_words(reason)) > len(reason)


def test_what_is_in_words_already_stays() -> None:
    assert in_words("takes no tools") == "takes no tools"
