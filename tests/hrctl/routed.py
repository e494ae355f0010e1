"""A daemon with an endpoint of its own: what `hr try`, `hr setup` and `hr doctor --probe` find."""

from hrd.admin.wire.journal import WHY, Exchange, ExchangeAttempt, ExchangeUsage, Why
from hrd.admin.wire.keys import KEYS, ClientKey, KeyLimits, Keys
from hrd.admin.wire.models import MODELS, ModelRow, Models, ProviderModels
from hrd.admin.wire.status import STATUS, Status, StoreStatus
from tests.hrctl.fake_daemon import FakeDaemon
from tests.hrctl.fake_endpoint import FakeEndpoint

KEY = "sk-router-test-not-a-key-4"
NARROW_KEY = "sk-router-test-not-a-key-5"
EXCHANGE = Exchange(
    request_id="req-1",
    at=1_795_000_000.0,
    endpoint="/chat/completions",
    client="client-1a2b3c4d",
    model_asked="hermes-router",
    stream=False,
    outcome="ok",
    status=200,
    provider="groq",
    model="large",
    credential="groq-1a2b3c4d",
    usage=ExchangeUsage(input_tokens=7, output_tokens=3, source="known"),
    attempts=(
        ExchangeAttempt(provider="gemini", model="flash", credential="gemini-1a2b3c4d", outcome="rate limited", status=429),
        ExchangeAttempt(provider="groq", model="large", credential="groq-1a2b3c4d", outcome="ok", status=200),
    ),
)


def route(daemon: FakeDaemon, endpoint: FakeEndpoint, exchange: Exchange | None = EXCHANGE) -> None:
    daemon.answers(STATUS, status(endpoint.url))
    keys = (
        ClientKey(fingerprint="client-5", name="narrow", source="auth.json", limits=KeyLimits(rpm=1), key=NARROW_KEY),
        ClientKey(fingerprint="client-4", name="first", source="auth.json", key=KEY),
    )
    daemon.answers(KEYS, Keys(keys=keys))
    daemon.answers(MODELS, models(ModelRow(name="large", place=1, cost_class="free")))
    if exchange is not None:
        daemon.answers(WHY, Why(now=1_795_000_001.0, exchange=exchange), path="/v1/why/req-1")


def status(endpoint: str) -> Status:
    return Status(
        version="0.1.0",
        pid=42,
        now=1_795_000_000.0,
        uptime_s=1.0,
        mode="parallel",
        endpoint=endpoint,
        listening=True,
        providers=(),
        store=StoreStatus(state="ok"),
    )


def models(*rows: ModelRow) -> Models:
    return Models(now=1_795_000_000.0, providers=(ProviderModels(provider="groq", source="catalogue", models=rows),))
