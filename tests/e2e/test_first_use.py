"""The first five minutes with the real programs: set up, try, look for what is wrong, probe."""

import json
from pathlib import Path

from tests.e2e.daemon import Router, running
from tests.upstreams import Answer, Status, Upstream
from tests.upstreams.asked import Asked
from tests.upstreams.behaviours import Behaviour
from tests.upstreams.proxy import ForwardProxy

KEY = "mistral-test-not-a-key-1"
PASSWORD = "test-not-a-password-1"
NO_PICTURES = b'{"error": {"message": "This model does not support image input", "type": "invalid_request_error"}}'


async def test_from_nothing_to_an_answer(tmp_path: Path) -> None:
    async with Upstream(Answer("hello")) as upstream:
        router = Router(tmp_path, {"MISTRAL_BASE_URL": upstream.base_url})
        done = await router.hr("setup", "--provider", "mistral", "--key-stdin", "--yes", stdin=KEY)
        try:
            assert done.returncode == 0, done.stderr.decode()
            assert b"\nhello\n\nRoute: mistral/" in done.stdout
            assert [asked.key for asked in upstream.asked if asked.method == "POST"] == [KEY]
            doctor = await router.hr("doctor", "--json")
            assert doctor.returncode == 0, doctor.stdout.decode()
        finally:
            assert (await router.hr("stop")).returncode == 0
        assert KEY not in (tmp_path / "hrd.log").read_text()


def blind(asked: Asked) -> Behaviour:
    """A model that takes tools and no pictures."""
    return Status(400, body=NO_PICTURES) if b"image_url" in asked.body else Answer("red")


async def test_a_probe_is_remembered_over_a_restart(tmp_path: Path) -> None:
    async with Upstream(blind) as upstream:
        environment = {"MISTRAL_BASE_URL": upstream.base_url, "MISTRAL_API_KEY": KEY, "MISTRAL_MODEL": "model-x"}
        async with running(tmp_path, **environment) as router:
            done = await router.hr("doctor", "--probe")
            assert done.returncode == 0, done.stdout.decode()
            assert b"mistral/model-x: tools not known, vision no, reasoning no" in done.stdout
            assert [b"image_url" in asked.body for asked in upstream.asked if asked.method == "POST"] == [True, False]
            await router.stop()
            await router.start()
            models = json.loads((await router.hr("model", "list", "mistral", "--json")).stdout)
            row = next(one for one in models["providers"][0]["models"] if one["name"] == "model-x")
            assert (row["vision"], row["reasoning"], row["tools"]) == (False, False, None)


async def test_a_provider_is_asked_by_way_of_the_proxy_and_its_password_is_seen_nowhere(tmp_path: Path) -> None:
    async with (
        Upstream(Answer("hello")) as upstream,
        ForwardProxy({"api.example": upstream.port}, credentials=f"me:{PASSWORD}") as proxy,
    ):
        url = f"http://me:{PASSWORD}@127.0.0.1:{proxy.port}"
        environment = {"MISTRAL_BASE_URL": "http://api.example/v1", "MISTRAL_API_KEY": KEY, "http_proxy": url}
        async with running(tmp_path, LOG_LEVEL="DEBUG", **environment) as router:
            assert (await router.chat()).status_code == 200
            doctor = await router.hr("doctor", "--json")
            assert f"mistral by way of 127.0.0.1:{proxy.port}".encode() in doctor.stdout
            shown = [doctor.stdout, (await router.hr("status", "--json")).stdout, (await router.hr("logs", "--json")).stdout]
            shown += [router.log.encode(), *stored(tmp_path)]
        assert ("POST", "http://api.example/v1/chat/completions") in [(one.method, one.target) for one in proxy.seen]
        assert not any(PASSWORD.encode() in text for text in shown)


def stored(home: Path) -> list[bytes]:
    return [path.read_bytes() for path in home.glob("hrd.db*")]
