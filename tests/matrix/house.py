"""One daemon over emulated providers of every dialect, for as many tests as like: each has it to itself while it runs.

The emulators live in a thread of their own, because the official SDKs wait without trio.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import trio

from tests.e2e.daemon import Router
from tests.matrix.talks import TALKS, Talk
from tests.upstreams import Upstream
from tests.upstreams.anthropic import Anthropic
from tests.upstreams.behaviours import Behave
from tests.upstreams.codex import Codex
from tests.upstreams.codex_oauth import CodexOAuth
from tests.upstreams.gemini import Gemini
from tests.upstreams.mistral import Mistral
from tests.upstreams.openai import OpenAI
from tests.upstreams.threads import serving
from tests.upstreams.wires import Wire

KEY = "sk-router-test-not-a-key"
ACCOUNTS = ("account-a", "account-b")


PROVIDERS = {
    "openai": "gpt-6-luna",
    "anthropic": "claude-haiku-4-5-20251001",
    "codex": "gpt-5.5",
    "mistral": "mistral-medium-3-5",
    "gemini": "gemini-3.1-flash-lite",
}
"""The providers that the daemon has, and the model that is asked of each."""


class House:
    """The daemon, its providers, and a program for each client dialect."""

    def __init__(self, router: Router, upstreams: Mapping[str, Upstream], logins: CodexOAuth) -> None:
        self.router = router
        self.upstreams = upstreams
        self.logins = logins
        """Where the ChatGPT accounts signed in."""
        self._sdks = {dialect: talk.sdk(router.endpoint, KEY) for dialect, talk in TALKS.items()}

    def close(self) -> None:
        for sdk in self._sdks.values():
            sdk.close()

    def turn(self, provider: str, behave: Behave) -> Upstream:
        """*provider* does so from now on, and has been asked nothing yet."""
        upstream = self.upstreams[provider]
        upstream.turn_to(behave)
        upstream.seen.clear()
        return upstream

    def talk(self, dialect: str, system: str = "") -> Talk:
        """A new conversation in *dialect*."""
        return TALKS[dialect](self._sdks[dialect], system)

    def forget_failures(self) -> None:
        """What failed in one test is nothing to the next."""
        done = trio.run(self.router.control, "POST", "/v1/reset", {"all": True})
        assert done.status_code == 200, done.text

    def why(self, request_id: str) -> Any:
        answer = trio.run(self.router.control, "GET", f"/v1/why/{request_id}")
        return answer.json()


def model_of(provider: str) -> str:
    """How a client names the model of *provider*."""
    return f"{provider}:{PROVIDERS[provider]}"


@contextmanager
def opened(home: Path) -> Iterator[House]:
    """From ready to its end."""
    logins = CodexOAuth(now=time.time)
    wires = _wires(logins)
    upstreams = {name: Upstream(wire=wires[name], models=[model]) for name, model in PROVIDERS.items()}
    with serving([logins, *upstreams.values()]):
        router = Router(home, _environment(upstreams, logins))
        router.write_auth(_auth(logins))
        trio.run(router.start)
        house = House(router, upstreams, logins)
        try:
            yield house
        finally:
            house.close()
            trio.run(_stop, router)


def _wires(logins: CodexOAuth) -> dict[str, Wire]:
    codex = Codex(logins.lets_in)
    return {"openai": OpenAI(), "anthropic": Anthropic(), "codex": codex, "mistral": Mistral(), "gemini": Gemini()}


def _environment(upstreams: Mapping[str, Upstream], logins: CodexOAuth) -> dict[str, str]:
    return {
        **{f"{name.upper()}_BASE_URL": upstream.base_url for name, upstream in upstreams.items()},
        **{f"{name.upper()}_MODEL": model for name, model in PROVIDERS.items()},
        "CODEX_AUTH_URL": logins.url,
        "MAX_WAIT_SECONDS": "0",
        "OPENAI_SUPPORTS_REASONING": "1",
        "ROTATION_MODE": "sequential",
    }


async def _stop(router: Router) -> None:
    assert await router.stop() == 0, router.log[-4000:]


def _auth(logins: CodexOAuth) -> dict[str, Any]:
    keyed = [name for name in PROVIDERS if name != "codex"]
    return {
        "providers": {name: [f"test-not-a-key-{name}-{number}" for number in (1, 2)] for name in keyed},
        "proxy_keys": {KEY: {"name": "tests"}},
        "codex_accounts": [{"account_id": name, **logins.account(name).sign_in()} for name in ACCOUNTS],
    }
