"""Look-ups off the request path: model lists, read in the background."""

from collections.abc import Callable, Iterable, Sequence
from typing import Final
from urllib.parse import urlencode

import msgspec
import trio

from hrd.core.failures import Failure
from hrd.core.price import Price
from hrd.core.prices import price_in_list
from hrd.core.providers import Credential, Provider
from hrd.core.remembered import Discovered
from hrd.core.secrets import Secret
from hrd.upstream.general import General, NotGot
from hrd.upstream.introductions import introduction_of
from hrd.upstream.passes import Passes

LOOKUP_S = 20.0
BODY_BYTES_MAX = 16_777_216
CODEX: Final = "codex"
ANTHROPIC: Final = "anthropic_messages"
ANTHROPIC_ROWS_MAX: Final = 1000
"""As many as it lists at once."""
CONTEXT_FIELDS = ("context_length", "context_window", "max_context_length", "max_model_len", "max_input_tokens")
HIDDEN: Final = ("hide", "hidden", "none")
"""Codex: what such a model's `visibility` says."""
DELAY_S = 2.0
"""After the start: the first requests come first."""
RETRY_S = 3600.0
CHECK_S = 60.0


class LookupFailed(msgspec.Struct, frozen=True):
    """Why a model list could not be read."""

    provider: str
    reason: str


async def read_models(
    general: General, provider: Provider, credential: Credential, secret: Secret, *, models_max: int, now: Callable[[], float]
) -> Discovered | LookupFailed:
    """`GET {base}/models`, bounded in time and size. Within LOOKUP_S seconds."""
    got = await general.ask(
        "GET", list_url(provider), headers=headers_of(provider, credential, secret), within_s=LOOKUP_S, bytes_max=BODY_BYTES_MAX
    )
    if isinstance(got, NotGot):
        return LookupFailed(provider.name, got.reason)
    if got.status != 200:
        return LookupFailed(provider.name, f"status {got.status}")
    return read_list(provider, got.body, models_max=models_max, now=now())


def list_url(provider: Provider) -> str:
    """Where the list stands. Codex shows each version of its client what that can use, Anthropic a page."""
    url = f"{provider.base_url.rstrip('/')}/models"
    headers = {name.lower(): value for name, value in provider.headers.items()}
    if provider.dialect == CODEX:
        return f"{url}?{urlencode({'client_version': headers.get('version', '')})}"
    return f"{url}?limit={ANTHROPIC_ROWS_MAX}" if provider.dialect == ANTHROPIC else url


def headers_of(provider: Provider, credential: Credential, secret: Secret) -> dict[str, str]:
    """What a question to *provider* has in its head."""
    introduction = introduction_of(provider.dialect)
    fields = {**introduction.says(credential), **dict([introduction.key(secret.reveal())])}
    return {
        "accept": "application/json",
        **({"user-agent": provider.user_agent} if provider.user_agent else {}),
        **{name.decode(): value.decode() for name, value in fields.items()},
        **{name.lower(): value for name, value in provider.headers.items()},
    }


def read_list(provider: Provider, body: bytes, *, models_max: int, now: float) -> Discovered | LookupFailed:
    """The ids, context sizes and prices of a model list, in the shape of the provider's wire format."""
    try:
        found = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return LookupFailed(provider.name, "not JSON")
    list_name, id_name = ("models", "slug") if provider.dialect == CODEX else ("data", "id")
    rows = found.get(list_name) if isinstance(found, dict) else found
    if not isinstance(rows, list):
        return LookupFailed(provider.name, "no list of models")
    models: dict[str, int] = {}
    prices: dict[str, Price] = {}
    for row in rows:
        name = row.get(id_name) if isinstance(row, dict) and row.get("visibility") not in HIDDEN else None
        if isinstance(name, str) and 0 < len(name) <= 256 and len(models) < models_max:
            model = name.removeprefix(provider.strip_model_prefix)
            models[model] = _context_of(row)
            if provider.states_cost and (price := price_in_list(row.get("pricing"))) is not None:
                prices[model] = price
    if not models:
        return LookupFailed(provider.name, "an empty list")
    contexts = {name: context for name, context in models.items() if context}
    return Discovered(provider=provider.name, models=tuple(models), contexts=contexts, at=now, prices=prices)


def _context_of(row: dict[str, object]) -> int:
    values: Sequence[object] = [row.get(field) for field in CONTEXT_FIELDS]
    return next((value for value in values if isinstance(value, int) and not isinstance(value, bool) and value > 0), 0)


class ModelLookups:
    """Reads each provider's list of models now and then, one at a time, never in a request's way."""

    def __init__(
        self,
        *,
        general: General,
        passes: Passes,
        now: Callable[[], float],
        due: Callable[[], Iterable[tuple[Provider, Credential]]],
        models_max: Callable[[], int],
    ) -> None:
        """*due*: providers whose list is not known, or old, with a credential to ask with."""
        self._general = general
        self._passes = passes
        self._now = now
        self._due = due
        self._models_max = models_max
        self._failed_at: dict[tuple[str, str, str], float] = {}
        """Provider, base URL and credential: with another of these it may work at once."""
        self._look = trio.Event()

    def look_again(self) -> None:
        """There may be somebody new to ask."""
        self._look.set()

    async def run(self, *, found: Callable[[list[Discovered]], None], failed: Callable[[LookupFailed], None]) -> None:
        """Runs as long as the daemon."""
        await trio.sleep(DELAY_S)
        while True:
            self._look = trio.Event()
            lists: list[Discovered] = []
            for provider, credential in self._due():
                asked = (provider.name, provider.base_url, credential.fingerprint)
                if abs(self._now() - self._failed_at.get(asked, 0.0)) < RETRY_S:  # a clock may be set back
                    continue
                read = await self._read(provider, credential)
                if isinstance(read, LookupFailed):
                    self._failed_at[asked] = self._now()
                    failed(read)
                else:
                    lists.append(read)
            if lists:
                found(lists)
            with trio.move_on_after(CHECK_S):
                await self._look.wait()

    async def _read(self, provider: Provider, credential: Credential) -> Discovered | LookupFailed:
        secret = self._passes.secret_of(credential) or await self._passes.renewed(credential, None)
        if isinstance(secret, Failure):
            return LookupFailed(provider.name, secret.message)
        return await read_models(self._general, provider, credential, secret, models_max=self._models_max(), now=self._now)
