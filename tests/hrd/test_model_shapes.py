"""The model list, in the shape of who asks."""

from typing import Any

import pytest

from hrd.http.messages import Headers, RequestHead
from hrd.model_list import ListedModel, ModelList
from hrd.model_shapes import shape_list, shape_one

FIRST = ListedModel(id="hermes-router", object="model", created=1_790_000_000, owned_by="hermes-router", context_length=8192)
LAST = ListedModel(id="groq", object="model", created=1_790_000_000, owned_by="groq")
LISTED = ModelList(object="list", data=(FIRST, LAST))


def head(query: str = "", **headers: str) -> RequestHead:
    sent = Headers([(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()])
    return RequestHead(
        method="GET",
        target="/v1/models",
        path="/v1/models",
        query=query,
        headers=sent,
        minor=1,
        keep_alive=True,
        content_length=None,
        chunked=False,
        expects_continue=False,
    )


def test_openai_and_whoever_does_not_say() -> None:
    assert shape_list(LISTED, head()) is LISTED
    assert shape_one(FIRST, head()) is FIRST


def test_anthropic() -> None:
    asks = head(anthropic_version="2023-06-01")
    first = {
        "type": "model",
        "id": "hermes-router",
        "display_name": "hermes-router",
        "created_at": "2026-09-21T14:13:20Z",
        "max_input_tokens": 8192,
    }
    shaped: Any = shape_list(LISTED, asks)
    assert shaped["data"][0] == first == shape_one(FIRST, asks)
    assert "max_input_tokens" not in shaped["data"][1]
    assert (shaped["has_more"], shaped["first_id"], shaped["last_id"]) == (False, "hermes-router", "groq")
    assert shape_list(ModelList(object="list", data=()), asks) == {
        "data": [],
        "has_more": False,
        "first_id": None,
        "last_id": None,
    }


MANY = ModelList(
    object="list", data=tuple(ListedModel(id=name, object="model", created=1, owned_by="groq") for name in "abcde")
)


@pytest.mark.parametrize(
    ("query", "ids", "has_more"),
    [
        ("", "abcde", False),
        ("limit=5", "abcde", False),
        ("limit=2", "ab", True),
        ("limit=2&after_id=b", "cd", True),
        ("limit=2&after_id=d", "e", False),
        ("after_id=e", "", False),
        ("after_id=b", "cde", False),
        ("limit=2&before_id=d", "bc", True),
        ("limit=2&before_id=c", "ab", False),
        ("before_id=a", "", False),
        ("after_id=gone", "", False),
        ("before_id=gone", "", False),
        ("limit=0", "a", True),
        ("limit=9999999999999", "abcde", False),
        ("limit=-1", "abcde", False),
        ("limit=%D9%A3", "abcde", False),
        ("limit=many&after_id=", "abcde", False),
    ],
)
def test_anthropic_turns_pages(query: str, ids: str, has_more: bool) -> None:
    shaped: Any = shape_list(MANY, head(query, anthropic_version="2023-06-01"))
    assert "".join(one["id"] for one in shaped["data"]) == ids
    assert shaped["has_more"] is has_more
    assert (shaped["first_id"], shaped["last_id"]) == ((ids[0], ids[-1]) if ids else (None, None))


@pytest.mark.parametrize("query", ["client_version=0.169.0", "a=b&client_version=1"])
def test_codex_gets_both(query: str) -> None:
    shaped: Any = shape_list(LISTED, head(query))
    assert shaped["data"] == LISTED.data
    assert [(one["slug"], one["priority"], one.get("context_window")) for one in shaped["models"]] == [
        ("hermes-router", 0, 8192),
        ("groq", 1, None),
    ]
