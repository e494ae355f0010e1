"""Through a proxy with a password, as a real daemon does it: providers elsewhere by way of it, those on this machine never."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from tests.e2e.daemon import answered, running
from tests.upstreams import Answer, Upstream
from tests.upstreams.proxy import ForwardProxy

pytestmark = pytest.mark.e2e

PASSWORD = "test-not-a-password-1"
NAMED = "Basic " + base64.b64encode(f"me:{PASSWORD}".encode()).decode()


async def test_providers_elsewhere_are_asked_through_it_and_those_here_are_not(tmp_path: Path) -> None:
    async with (
        Upstream(Answer(text="from elsewhere")) as elsewhere,
        Upstream(Answer(text="from here")) as here,
        ForwardProxy({"api.example": elsewhere.port}, credentials=f"me:{PASSWORD}") as proxy,
        running(
            tmp_path,
            HTTP_PROXY=f"http://me:{PASSWORD}@127.0.0.1:{proxy.port}",
            GROQ_API_KEY="gsk_test-not-a-key-1",
            GROQ_BASE_URL="http://api.example/v1",
            MISTRAL_API_KEY="test-not-a-key-2",
            MISTRAL_BASE_URL=here.base_url,
        ) as router,
    ):
        assert answered(await router.chat(model="groq")) == "from elsewhere"
        through = [one for one in proxy.seen if one.method == "POST"]
        assert [(one.target, one.authorization) for one in through] == [("http://api.example/v1/chat/completions", NAMED)]
        assert answered(await router.chat(model="mistral")) == "from here"
        assert not [one for one in proxy.seen if "127.0.0.1" in one.target]
        doctor = await router.hr("doctor")
        assert f"groq by way of 127.0.0.1:{proxy.port}; mistral directly" in doctor.stdout.decode()
        for said in (doctor.stdout.decode(), router.log, (await router.hr("status", "--json")).stdout.decode()):
            assert PASSWORD not in said
            assert NAMED.removeprefix("Basic ") not in said


async def test_a_proxy_that_refuses_us_is_named_and_the_others_serve(tmp_path: Path) -> None:
    async with (
        Upstream(Answer(text="from here")) as here,
        ForwardProxy({}, credentials="me:another") as proxy,
        running(
            tmp_path,
            ALL_PROXY=proxy.url,
            GROQ_API_KEY="gsk_test-not-a-key-1",
            GROQ_BASE_URL="https://api.example/v1",
            MISTRAL_API_KEY="test-not-a-key-2",
            MISTRAL_BASE_URL=here.base_url,
            ROTATION_MODE="sequential",
        ) as router,
    ):
        answer = await router.chat()
        assert answered(answer) == "from here"
        assert [one.method for one in proxy.seen if one.method != "GET"][:1] == ["CONNECT"]
        why = (await router.hr("why", answer.headers["x-request-id"])).stdout.decode()
        assert f"the proxy 127.0.0.1:{proxy.port} wants a user and password" in why
