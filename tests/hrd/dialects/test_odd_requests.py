"""Requests with something odd in them: whoever can be asked is asked in JSON, or the client is told what is wrong with it."""

import json
from importlib.resources import files
from typing import Any, Final

import pytest
from hypothesis import given, seed, settings
from hypothesis import strategies as st

from hrd.core.catalogue import read_catalogue
from hrd.core.refusals import Refusal
from hrd.core.response_book import ResponseBook
from hrd.dialects.passage import Passage
from hrd.dialects.spoken import TARGETS, openings
from tests.hrd.dialects.odd import with_something_odd
from tests.hrd.dialects.replies import BOUNDS
from tests.hrd.dialects.responses import STAMP
from tests.hrd.dialects.rich_requests import CHAT, MESSAGES, RESPONSES
from tests.hrd.stage import candidate, provider

CATALOGUE, _ = read_catalogue(files("hrd.core").joinpath("catalogue.toml").read_text(), {})
NAMES: Final = ("openai", "mistral", "gemini", "openrouter", "anthropic", "codex", "kimi", "cohere", "groq", "zai")
ASKED: Final = [
    *(candidate(CATALOGUE[name], (CATALOGUE[name].models or ("m",))[0]) for name in NAMES),
    candidate(provider("responses", "m", dialect="openai_responses"), "m"),
]
RICH: Final[dict[str, dict[str, Any]]] = {
    "/v1/chat/completions": CHAT,
    "/v1/messages": MESSAGES,
    "/v1/responses": RESPONSES,
}


def assert_is_asked_or_refused(endpoint: str, body: bytes) -> None:
    opening = dict(openings(ResponseBook(1_000_000, 60.0), lambda: 0.0))[endpoint]
    client = opening("ada", STAMP)
    request = client.decode(body)
    if isinstance(request, Refusal):
        status, _, said = client.error_reply(request)
        assert (status, "error" in json.loads(said)) == (400, True)
        return
    for one in ASKED:
        prepared = Passage(client, TARGETS, request, BOUNDS).prepare(one, stamp=STAMP, drop=frozenset(), max_tokens=None)
        if isinstance(prepared, Refusal):
            json.loads(client.error_reply(prepared)[2])
        else:
            assert isinstance(json.loads(prepared.body), dict), one.provider.name


@pytest.mark.parametrize("endpoint", RICH)
def test_a_request_with_nothing_odd_in_it_is_asked(endpoint: str) -> None:
    assert_is_asked_or_refused(endpoint, json.dumps(RICH[endpoint]).encode())


@pytest.mark.parametrize("endpoint", RICH)
@seed(4)
@settings(max_examples=60)
@given(st.data())
def test_a_request_with_something_odd_in_it_is_asked_in_json_or_refused(endpoint: str, data: st.DataObject) -> None:
    body = data.draw(with_something_odd(RICH[endpoint]))
    assert_is_asked_or_refused(endpoint, json.dumps(body).encode())
