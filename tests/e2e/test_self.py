"""The router pointed at itself: programs set OPENAI_BASE_URL to our address, and hrd may be started from the same shell."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2
import pytest

from tests.e2e.daemon import MESSAGES, answered, running
from tests.upstreams import Answer, Upstream, free_port

pytestmark = pytest.mark.e2e

OURS = "sk-router-test-not-a-key-1"
BODY = {"model": "hermes-router", "messages": MESSAGES}
KEYS = {"PROXY_API_KEYS": OURS, "OPENAI_API_KEY": "sk-test-not-a-key-1"}


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize("address", ["http://127.0.0.1:{port}/v1", "http://localhost:{port}/v1", "http://LocalHost:{port}"])
async def test_our_own_address_is_not_asked_and_hr_status_says_why(tmp_path: Path, address: str, stream: bool) -> None:
    port = str(free_port())
    async with running(tmp_path, PORT=port, OPENAI_BASE_URL=address.format(port=port), **KEYS) as router:
        async with router.client(OURS) as client:
            refused = await client.post("/v1/chat/completions", json=BODY | {"stream": stream})
            pinned = await client.post("/v1/chat/completions", json=BODY | {"model": "openai"})
        usage = (await router.control("GET", "/v1/usage")).json()
        row = await router.provider("openai")
        shown = (await router.hr("status")).stdout.decode()

    assert refused.status_code == 503
    assert refused.headers["x-hermes-attempts"] == "0"
    assert pinned.status_code in (404, 503)
    assert usage["totals"]["requests"] <= 2
    assert (row["state"], row["requests_today"]) == ("off", 0)
    assert "OPENAI_BASE_URL points at this router itself" in shown


async def test_all_addresses_of_this_machine_are_ours_when_we_listen_on_all(tmp_path: Path) -> None:
    port = str(free_port())
    environment = {"HOST": "0.0.0.0", "PORT": port, "OPENAI_BASE_URL": f"http://127.0.0.2:{port}/v1", **KEYS}
    async with running(tmp_path, **environment) as router:
        row = await router.provider("openai")
        async with router.client(OURS) as client:
            assert (await client.post("/v1/chat/completions", json=BODY)).status_code == 503
    assert row["state"] == "off"


async def test_another_port_of_this_machine_is_a_provider_like_any(tmp_path: Path) -> None:
    async with Upstream(Answer("fine")) as upstream, asking(tmp_path, upstream) as client:
        assert answered(await client.post("/v1/chat/completions", json=BODY)) == "fine"
    assert [asked.key for asked in upstream.asked] == ["sk-test-not-a-key-1"]


async def test_a_client_key_is_never_sent_to_a_provider(tmp_path: Path) -> None:
    environment = {"PROXY_API_KEYS": OURS, "OPENAI_API_KEY": OURS}
    async with (
        Upstream(Answer("fine")) as upstream,
        running(tmp_path, OPENAI_BASE_URL=upstream.base_url, **environment) as router,
    ):
        async with router.client(OURS) as client:
            refused = await client.post("/v1/chat/completions", json=BODY)
        warnings = (await router.status())["warnings"]
    assert refused.status_code == 503
    assert upstream.seen == []
    assert any("OPENAI_API_KEY" in warning for warning in warnings)


async def test_a_request_that_has_been_here_before_is_refused(tmp_path: Path) -> None:
    async with Upstream(Answer("fine")) as upstream, asking(tmp_path, upstream) as client:
        assert answered(await client.post("/v1/chat/completions", json=BODY)) == "fine"
        hop = upstream.asked[0].header("x-hermes-hop")
        assert hop
        strange = await client.post("/v1/chat/completions", json=BODY, headers={"x-hermes-hop": "0" * len(hop)})
        for path in ("/v1/chat/completions", "/v1/embeddings"):
            looped = await client.post(path, json=BODY | {"input": "x"}, headers={"x-hermes-hop": f"abc, {hop}"})
            assert looped.status_code == 508
            assert looped.json()["error"]["code"] == "loop_detected"
            assert "hr status" in looped.json()["error"]["message"]
    assert answered(strange) == "fine"
    assert len(upstream.asked) == 2


@asynccontextmanager
async def asking(home: Path, upstream: Upstream) -> AsyncIterator[httpx2.AsyncClient]:
    async with running(home, OPENAI_BASE_URL=upstream.base_url, **KEYS) as router, router.client(OURS) as client:
        yield client
