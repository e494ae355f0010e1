"""What the router learns of a reply from its events."""

import msgspec
import pytest

from hrd.core.conversation import Vendor
from hrd.core.journal import Usage, UsageSource
from hrd.core.reply_events import (
    CallBegun,
    CallDone,
    CallText,
    Finish,
    Finished,
    LogProbs,
    ReplyEvent,
    Text,
    ThoughtSigned,
    UsageSeen,
)
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


def test_a_call_that_broke_off_counts_with_what_was_written_of_it() -> None:
    pieces = [CallText(0, '{"command":'), CallText(0, '"make all')]
    assert kept(CallBegun(key=0), *pieces).usage() == Usage(input_tokens=11, output_tokens=5, source=UsageSource.ESTIMATED)


def test_what_was_counted_piece_by_piece_is_not_counted_again() -> None:
    arguments = '{"command":"make all"}'
    done = CallDone(key=0, id="1", name="make", arguments=arguments)
    other = CallDone(key=1, id="2", name="make", arguments=arguments)
    pieces = [CallText(0, arguments[:8]), CallText(0, arguments[8:])]
    assert kept(*pieces, done).usage() == kept(done).usage()
    assert [kept(*pieces, done).usage().output_tokens, kept(*pieces, done, other).usage().output_tokens] == [7, 13]


def test_how_much_a_reply_says_in_all() -> None:
    account = kept(
        *(Text("é"), CallText(0, "abc"), LogProbs(msgspec.Raw(b"[]")), ThoughtSigned(signature="sig", vendor=Vendor.ANTHROPIC)),
        ThoughtSigned(signature="", vendor=Vendor.OPENROUTER, details=msgspec.Raw(b"[{}]")),
    )
    assert account.said_bytes == 2 + 3 + 2 + 3 + 4
    assert account.usage().output_tokens == 2, "what is beside the words costs nothing"


def test_the_beginning_of_a_call_is_a_beginning_and_no_more() -> None:
    account = kept(CallBegun(key=0))
    assert (account.begun, account.committed) == (True, False)
