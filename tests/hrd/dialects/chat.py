"""Chat requests for the tests of chat's modules."""

import msgspec
from hypothesis import strategies as st

from hrd.core.providers import Provider, Quirks
from hrd.dialects.contract import Encoded, Request
from hrd.dialects.openai_chat import decode
from hrd.dialects.openai_chat_native import encode

ALPHA = Provider(name="alpha", base_url="http://alpha.test/v1")
NAMES = ["model", "messages", "stream", "stream_options", "tools", "max_tokens", "role", "content", "type", "image_url"]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=5),
    max_leaves=15,
)
HI = '{"role":"user","content":"hi"}'


def body(members: str = "", messages: str = HI, model: str = '"hermes-router"') -> bytes:
    return f'{{"model":{model},"messages":[{messages}]{"," if members else ""}{members}}}'.encode()


def request(text: bytes) -> Request:
    decoded = decode(text)
    assert isinstance(decoded, Request), decoded
    return decoded


def encoded(text: bytes, provider: Provider = ALPHA, *, drop: frozenset[str] = frozenset(), ask_usage: bool = True) -> Encoded:
    return encode(request(text), provider, "m-1", drop=drop, max_tokens=None, ask_usage=ask_usage)


def quirky(**quirks: object) -> Provider:
    return Provider(name="quirky", base_url="http://quirky.test/v1", quirks=msgspec.convert(quirks, Quirks))
