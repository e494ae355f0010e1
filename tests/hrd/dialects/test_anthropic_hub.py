"""A Messages client's way to the hub and back."""

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from hrd.core.conversation import Conversation
from hrd.core.refusals import Refusal, RefusalKind
from hrd.core.reply_events import Finish, Finished, ReplyEvent, Text
from hrd.dialects import anthropic_hub
from hrd.dialects.anthropic_errors import error_event
from hrd.dialects.anthropic_reader import AnthropicReader
from hrd.dialects.anthropic_writer import MessagesWriter
from hrd.dialects.contract import Ending, Stamp
from hrd.dialects.translation import TranslatedStream
from tests.hrd.dialects.anthropic import request, user
from tests.hrd.dialects.messages_stream import Client
from tests.hrd.dialects.replies import BOUNDS
from tests.hrd.dialects.reply_sequences import sequences

STAMP = Stamp(id="1", model="m", at=1)
SAID = (Text("Hi"), Finished(Finish.STOP))


def test_there_and_back() -> None:
    asked = request()
    read = anthropic_hub.conversation(asked)
    assert isinstance(read, Conversation)
    assert read.turns == (user(),)
    message = msgspec.json.decode(anthropic_hub.write_whole(asked, SAID, STAMP))
    writer = anthropic_hub.event_writer(asked, STAMP)
    streamed = Client().read(b"".join(map(writer.write, SAID)) + writer.end()).message
    assert message == streamed
    assert message["model"] == "claude-x"
    assert message["usage"]["input_tokens"] == asked.ask.input_tokens > 0


@given(sequences(), st.data())
def test_a_stream_cut_at_any_byte_is_legal_for_its_client(events: list[ReplyEvent], data: st.DataObject) -> None:
    """Through the hub and back: what a provider wrote, as far as it came, and the error that ends it."""
    provider = MessagesWriter(STAMP, 11)
    stream = b"".join([*map(provider.write, events), provider.end()])
    cut = data.draw(st.integers(0, len(stream)))
    pieces = sorted(data.draw(st.lists(st.integers(0, cut), max_size=4)))
    reader = TranslatedStream(AnthropicReader({}), MessagesWriter(STAMP, 11), input_tokens=11, bounds=BOUNDS)
    sent = b"".join([reader.feed(stream[start:end]) for start, end in zip([0, *pieces], [*pieces, cut], strict=True)])
    ending = reader.end()
    assert reader.committed or not sent
    if ending is Ending.BROKEN:
        broken = Refusal(kind=RefusalKind.INTERRUPTED, message="It broke off.")
        assert Client().read(sent + error_event(broken, begun=reader.committed)).is_over
    else:
        assert Client().read(sent + reader.last).is_over
    if cut == len(stream):
        assert ending is not Ending.BROKEN
