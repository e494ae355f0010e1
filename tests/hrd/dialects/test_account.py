"""What the router learns of a reply from its events."""

import pytest

from hrd.core.journal import Usage, UsageSource
from hrd.core.reply_events import CallBegun, CallDone, Finish, Finished, ReplyEvent, Text, UsageSeen
from hrd.dialects.account import FINISH_WORDS, Account

STATED = Usage(input_tokens=70, output_tokens=1, cached_tokens=60, source=UsageSource.KNOWN)


def kept(*events: ReplyEvent) -> Account:
    account = Account(11)
    for event in events:
        account.add(event)
    return account


def test_the_usage_of_a_whole_reply_is_as_stated() -> None:
    assert kept(Text("hello"), UsageSeen(STATED), Finished(Finish.STOP)).usage() == STATED


def test_the_usage_that_nobody_stated_is_estimated() -> None:
    usage = kept(Text("hello"), CallDone(key=0, id="1", name="f", arguments="{}"), Finished(Finish.CALLS)).usage()
    assert usage == Usage(input_tokens=11, output_tokens=2, source=UsageSource.ESTIMATED)


def test_of_a_reply_that_was_cut_off_the_input_is_as_stated_and_the_output_what_was_said() -> None:
    usage = kept(UsageSeen(STATED), Text("four letters, three more")).usage()
    assert usage == Usage(input_tokens=70, output_tokens=6, cached_tokens=60, source=UsageSource.ESTIMATED)


@pytest.mark.parametrize("reason", list(Finish))
def test_every_ending_has_a_word(reason: Finish) -> None:
    account = kept(Finished(reason))
    assert account.finish_reason == FINISH_WORDS[reason]
    assert account.committed == account.begun == (reason is not Finish.STOP)


def test_the_beginning_of_a_call_is_a_beginning_and_no_more() -> None:
    account = kept(CallBegun(key=0))
    assert (account.begun, account.committed) == (True, False)
