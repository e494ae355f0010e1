"""A Messages client's way to the hub and back."""

import msgspec

from hrd.core.conversation import Conversation
from hrd.core.reply_events import Finish, Finished, Text
from hrd.dialects import anthropic_hub
from hrd.dialects.contract import Stamp
from tests.hrd.dialects.anthropic import request, user
from tests.hrd.dialects.messages_stream import Client

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
