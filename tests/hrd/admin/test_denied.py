"""A no, as it goes out."""

from hrd.admin.denied import Denied, misused, not_found, stands_elsewhere, unchanged, unreadable
from hrd.credentials import CredentialProblem
from hrd.store.contract import StoreUnreadableError


def test_each_no_has_its_status_and_words() -> None:
    assert misused("no", "do this") == Denied(400, "no", "do this")
    assert not_found("no") == Denied(404, "no", "")
    assert stands_elsewhere("there", "go there") == Denied(409, "there", "go there")
    assert unchanged(CredentialProblem("was changed", "try again")) == Denied(409, "was changed", "try again")
    assert unreadable(StoreUnreadableError("I/O error")).status == 503


def test_a_no_goes_out_with_its_message_and_hint() -> None:
    refused = Denied(404, "no such thing", "look there").refused()
    assert (refused.error.message, refused.error.hint) == ("no such thing", "look there")
