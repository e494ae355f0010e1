"""The clients' endpoint: who sees what, and what is said to everything that is not there."""

from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
import trio

from hrd.core.secrets import fingerprint
from hrd.downstream.call import Call
from hrd.pages import canonical
from tests.hrd.store.samples import answered
from tests.hrd.world import NOON, Answer, World

KEY = "sk-router-test-not-a-key-4"
MINE = fingerprint("client", KEY)
GROQ = fingerprint("groq", "gsk_test-not-a-key-1")
AUTH = {
    "providers": {"groq": ["gsk_test-not-a-key-1"], "openrouter": ["sk-or-test-not-a-key-2"]},
    "credential_info": {GROQ: {"label": "work", "account": "me@example.org"}},
    "proxy_keys": {KEY: {"name": "laptop"}, "sk-router-test-not-a-key-5": {"allowed_providers": ["openrouter"]}},
}
PAGE = "http://localhost:3000"


async def echo(call: Call) -> None:
    await call.reply(200, [(b"content-type", b"text/plain")], b"served: " + await call.body())


@pytest.fixture
async def world(tmp_path: Path, nursery: trio.Nursery) -> AsyncIterator[World]:
    world = World(tmp_path, auth=AUTH)
    await world.open(nursery, posts={"/v1/chat/completions": echo, "/v1/embeddings": echo})
    yield world
    assert not world.crashes


async def get(world: World, target: str, *, method: str = "GET", key: str = KEY, **headers: str) -> Answer:
    if key:
        headers["authorization"] = f"Bearer {key}"
    return await world.http(method, target, on="public", **headers)


def error(answer: Answer) -> tuple[int, str, str]:
    """Status, code and message of an answer in the OpenAI envelope."""
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-request-id"] == "req-of-this-call"
    found = msgspec.json.decode(answer.body)["error"]
    assert set(found) == {"message", "type", "param", "code"}
    return answer.status, found["code"], found["message"]


# health and metrics ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/health", "/health/", "/", "/v1", "/v1/", "/api/hello", "/v1/health"])
async def test_anybody_may_look_whether_we_live(world: World, path: str) -> None:
    answer = await get(world, path, key="")
    assert (answer.status, answer.json) == (200, {"status": "ok", "version": "9.9"})
    assert answer.headers["x-request-id"] == "req-of-this-call"


async def test_a_stopping_router_says_so(world: World) -> None:
    world.draining = True
    answer = await get(world, "/health", key="")
    assert (answer.status, answer.json) == (503, {"status": "stopping"})


async def test_metrics_are_for_everybody_unless_the_settings_say_otherwise(world: World) -> None:
    world.metrics.finished(answered())
    answer = await get(world, "/metrics", key="")
    assert (answer.status, answer.headers["content-type"].split(";")[0]) == (200, "text/plain")
    assert b"hermes_router_uptime_seconds 90.0" in answer.body
    assert b'hermes_router_attempts_total{outcome="ok",provider="groq"} 1.0' in answer.body
    world.write(".env", "METRICS_REQUIRE_AUTH=1\n")
    world.configuration.reload()
    assert error(await get(world, "/metrics", key=""))[:2] == (401, "invalid_api_key")
    assert (await get(world, "/metrics")).status == 200


# who may see the rest --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/v1/models", "/v1/models/groq", "/v1/status", "/v1/usage"])
async def test_the_rest_is_for_holders_of_a_client_key(world: World, path: str) -> None:
    for key in ("", "sk-router-another-not-a-key"):
        status, code, message = error(await get(world, path, key=key))
        assert (status, code) == (401, "invalid_api_key")
        assert "hr key reveal" in message
    assert (await get(world, path)).status == 200
    assert (await get(world, path, key="", x_api_key=KEY)).status == 200


async def test_a_provider_key_opens_nothing(world: World) -> None:
    answer = await get(world, "/v1/status", key="gsk_test-not-a-key-1")
    assert answer.status == 401
    assert b"gsk_" not in answer.body


async def test_our_own_request_coming_back_is_a_loop(world: World) -> None:
    answer = await get(world, "/v1/models", x_hermes_hop="instance-1")
    assert error(answer)[:2] == (508, "loop_detected")


@pytest.mark.parametrize("path", ["/health", "/metrics", "/v1/models", "/v1/models/groq", "/v1/status", "/v1/usage"])
async def test_head_says_what_get_would_have_said(world: World, path: str) -> None:
    whole = await get(world, path)
    head = await get(world, path, method="HEAD")
    assert (head.status, head.body) == (200, b"")
    assert head.headers["content-length"] == str(len(whole.body))


# models ----------------------------------------------------------------------------------------------------------------------


async def test_the_model_list_has_openais_shape(world: World) -> None:
    found = (await get(world, "/v1/models")).json
    assert found["object"] == "list"
    data = found["data"]
    assert isinstance(data, list)
    assert data[0] == {
        "id": "hermes-router",
        "object": "model",
        "created": int(NOON) - 90,
        "owned_by": "hermes-router",
        "context_length": 8192,
    }
    assert [one["id"] for one in data[1:5]] == ["groq", "openrouter", "small", "large"]
    assert "context_length" not in data[4]


@pytest.mark.parametrize(
    "path",
    [
        "/v1/models/nvidia/nemotron:free",
        "/v1/models/nvidia%2Fnemotron:free",
        "/v1/models/nvidia%2Fnemotron%3Afree/",
        "/models/nvidia/nemotron:free",
        "/v1/v1/models/nvidia/nemotron:free",
    ],
)
async def test_a_model_is_found_however_its_name_is_spelled_in_the_path(world: World, path: str) -> None:
    found = (await get(world, path)).json
    assert (found["id"], found["owned_by"]) == ("nvidia/nemotron:free", "openrouter")


@pytest.mark.parametrize("name", ["gpt-99", "groq/gpt-99", "%ff%fe", "..%2f..%2fetc"])
async def test_an_unknown_model_is_a_404_with_guidance(world: World, name: str) -> None:
    status, code, message = error(await get(world, f"/v1/models/{name}"))
    assert (status, code, "hr model list" in message) == (404, "model_not_found", True)


async def test_a_key_sees_its_own_providers_models(world: World) -> None:
    found = (await get(world, "/v1/models", key="sk-router-test-not-a-key-5")).json
    assert [one["id"] for one in found["data"]] == ["hermes-router", "openrouter", "nvidia/nemotron:free"]  # type: ignore[attr-defined]
    assert (await get(world, "/v1/models/groq", key="sk-router-test-not-a-key-5")).status == 404


# status and usage ------------------------------------------------------------------------------------------------------------


async def test_status_has_the_shape_of_hr_status_without_what_is_the_users_own(world: World) -> None:
    answer = await get(world, "/v1/status")
    found = answer.json
    assert (found["version"], found["mode"], found["draining"]) == ("9.9", "parallel", False)
    groq = found["providers"][0]
    assert (groq["name"], groq["state"], groq["credentials"][0]["fingerprint"]) == ("groq", "ready", GROQ)
    assert groq["learned"]["small"]["context"] == 8192
    for hidden in (b"not-a-key", b"work", b"me@example.org", b"auth.json", str(world.folder).encode()):
        assert hidden not in answer.body


async def test_usage_is_of_the_callers_own_key(world: World) -> None:
    world.store.commit_nowait([answered("req-1", client=MINE), answered("req-2", client="client-00000001")])
    found = (await get(world, "/v1/usage")).json
    assert found["totals"]["requests"] == 1
    assert [(row["client"], row["client_name"]) for row in found["rows"]] == [(MINE, "laptop")]  # type: ignore[attr-defined]
    assert (await get(world, "/v1/usage?client=client-00000001")).json == found, "nobody can ask for another's"
    later = (await get(world, "/v1/usage?since=2026-11-19")).json
    assert later["totals"]["requests"] == 0


async def test_a_day_that_is_none_is_a_400(world: World) -> None:
    assert error(await get(world, "/v1/usage?since=yesterday")) == (
        400,
        "bad_request",
        "since is a day, such as 2026-11-01.",
    )


# the table -------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    [
        "/v1/chat/completions",
        "/v1/chat/completions/",
        "/chat/completions",
        "/v1/v1/chat/completions",
        "/v1/chat/completions?api-version=1",
    ],
)
async def test_a_post_reaches_its_endpoint_by_every_spelling_of_the_path(world: World, path: str) -> None:
    answer = await world.http("POST", path, b"{}", on="public")
    assert (answer.status, answer.body) == (200, b"served: {}")


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("/v1/completions", "/v1/completions"),
        ("/v2/models", "/v2/models"),
        ("/api/tags", "/api/tags"),
        ("/v1/chat", "/v1/chat"),
        ("/v1/modelsx", "/v1/modelsx"),
        ("/v1/%63hat/completions", "/v1/%63hat/completions"),
        ("//v1/models", "//v1/models"),
    ],
)
async def test_an_unknown_path_is_a_404_that_names_what_there_is(world: World, path: str, shown: str) -> None:
    for method in ("GET", "POST"):
        status, code, message = error(await get(world, path, method=method))
        assert (status, code) == (404, "unknown_path")
        assert message.startswith(f"There is no '{shown}' here.")
        assert "POST /v1/chat/completions, /v1/embeddings" in message


async def test_a_key_in_the_path_is_not_repeated(world: World) -> None:
    answer = await get(world, "/v1/gsk_test-not-a-key-12345678")
    assert (answer.status, b"12345678" in answer.body) == (404, False)


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("GET", "/v1/chat/completions", "POST"),
        ("HEAD", "/v1/embeddings", "POST"),
        ("DELETE", "/v1/models/groq", "GET, HEAD"),
        ("POST", "/v1/models", "GET, HEAD"),
        ("PUT", "/health", "GET, HEAD"),
        ("OPTIONS", "/v1/models", "GET, HEAD"),
    ],
)
async def test_a_wrong_method_hears_the_right_one(world: World, method: str, path: str, allow: str) -> None:
    answer = await get(world, path, method=method)
    assert (answer.status, answer.headers["allow"]) == (405, allow)
    if method != "HEAD":
        assert error(answer)[1] == "method_not_allowed"


@pytest.mark.parametrize("encoding", ["identity", "Identity", " identity "])
async def test_an_identity_body_is_taken(world: World, encoding: str) -> None:
    answer = await world.http("POST", "/v1/embeddings", b"{}", on="public", content_encoding=encoding)
    assert (answer.status, answer.body) == (200, b"served: {}")


@pytest.mark.parametrize(
    ("path", "plain"),
    [
        ("/", "/"),
        ("//", "/"),
        ("/v1/", "/v1"),
        ("/v1/v1", "/v1"),
        ("/v1/v1/v1/models/", "/v1/models"),
        ("/v1/v10", "/v1/v10"),
        ("*", "*"),
    ],
)
def test_paths_have_one_plain_form(path: str, plain: str) -> None:
    assert canonical(path) == plain


# pages in browsers -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def open_to_pages(world: World) -> World:
    world.write(".env", f"CORS_ORIGINS={PAGE}\n")
    world.configuration.reload()
    return world


async def test_a_listed_page_is_let_in_before_and_at_the_request(open_to_pages: World) -> None:
    asked = {"access_control_request_method": "POST", "access_control_request_headers": "authorization,content-type"}
    answer = await get(open_to_pages, "/v1/chat/completions", method="OPTIONS", key="", origin=PAGE, **asked)
    assert (answer.status, answer.body, "content-length" in answer.headers) == (204, b"", False)
    assert answer.headers["access-control-allow-origin"] == PAGE
    assert answer.headers["access-control-allow-headers"] == "authorization, content-type"
    assert answer.headers["vary"] == "origin"
    for target, key in (("/v1/models", KEY), ("/v1/models", ""), ("/nothing", "")):
        assert (await get(open_to_pages, target, key=key, origin=PAGE)).headers["access-control-allow-origin"] == PAGE


async def test_another_page_is_turned_away_and_told_how_to_get_in(open_to_pages: World) -> None:
    answer = await get(open_to_pages, "/v1/models", method="OPTIONS", key="", origin="http://evil.test")
    status, code, message = error(answer)
    assert (status, code, "CORS_ORIGINS" in message) == (403, "not_allowed", True)
    assert "access-control-allow-origin" not in answer.headers
    assert "access-control-allow-origin" not in (await get(open_to_pages, "/v1/models", origin="http://evil.test")).headers


async def test_options_of_no_page_is_answered(open_to_pages: World) -> None:
    answer = await get(open_to_pages, "/v1/models", method="OPTIONS", key="")
    assert (answer.status, answer.headers["allow"]) == (204, "GET, HEAD, POST, OPTIONS")


async def test_without_origins_no_page_hears_anything(world: World) -> None:
    answer = await get(world, "/v1/models", origin=PAGE)
    assert answer.status == 200
    assert not {"vary", "access-control-allow-origin"} & set(answer.headers)


# Anthropic's clients -----------------------------------------------------------------------------------------------------

TWO_WORDS = b'{"model":"claude-x","messages":[{"role":"user","content":"hello there"}]}'


@pytest.mark.parametrize(
    "path", ["/v1/messages/count_tokens", "/messages/count_tokens", "/v1/v1/messages/count_tokens?beta=true"]
)
async def test_tokens_are_counted_without_asking_anybody(world: World, path: str) -> None:
    answer = await world.http("POST", path, TWO_WORDS, on="public", authorization=f"Bearer {KEY}")
    assert answer.status == 200
    assert 1 <= answer.json["input_tokens"] <= 10


@pytest.mark.parametrize(
    ("body", "key", "status", "kind"),
    [
        (b"{}", True, 400, "invalid_request_error"),
        (b"words", True, 400, "invalid_request_error"),
        (TWO_WORDS, False, 401, "authentication_error"),
    ],
)
async def test_what_cannot_be_counted_is_refused_in_anthropics_shape(
    world: World, body: bytes, key: bool, status: int, kind: str
) -> None:
    authorization = f"Bearer {KEY}" if key else "Bearer wrong"
    answer = await world.http("POST", "/v1/messages/count_tokens", body, on="public", authorization=authorization)
    assert (answer.status, answer.json["type"], answer.json["error"]["type"]) == (status, "error", kind)
    assert answer.headers["request-id"] == answer.headers["x-request-id"]


async def test_an_unknown_model_is_told_in_the_shape_of_who_asks(world: World) -> None:
    answer = await world.http(
        "GET", "/v1/models/nope", b"", on="public", authorization=f"Bearer {KEY}", anthropic_version="2023-06-01"
    )
    assert (answer.status, answer.json["error"]["type"]) == (404, "not_found_error")
