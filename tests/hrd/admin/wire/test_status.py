"""The shape of `hr status --json`, which others rely on: it grows, it does not change."""

import msgspec

from hrd.admin.wire.status import (
    CredentialState,
    CredentialStatus,
    ModelLearned,
    ProviderState,
    ProviderStatus,
    Status,
    StoreStatus,
)
from tests.hrd.admin.wire.shapes import shape_of


def test_the_shape() -> None:
    status = Status(
        version="0.1.0",
        pid=4242,
        now=1_000.0,
        uptime_s=60.5,
        mode="parallel",
        endpoint="http://127.0.0.1:8319/v1",
        listening=True,
        providers=(
            ProviderStatus(
                name="groq",
                state=ProviderState.PARTLY,
                mode="parallel",
                cost_class="free",
                models=("llama",),
                credentials=(CredentialStatus(fingerprint="groq-1a2b3c4d", state=CredentialState.COOLING, until=1_240.0),),
                learned={"llama": ModelLearned(tools=True, context=131_072)},
            ),
        ),
        store=StoreStatus(state="ok"),
    )
    assert shape_of(status) == {
        "version": "0.1.0",
        "pid": 4242,
        "now": 1_000.0,
        "uptime_s": 60.5,
        "mode": "parallel",
        "endpoint": "http://127.0.0.1:8319/v1",
        "listening": True,
        "providers": [
            {
                "name": "groq",
                "state": "partly",
                "mode": "parallel",
                "reason": "",
                "until": None,
                "class": "free",
                "models": ["llama"],
                "credentials": [
                    {
                        "fingerprint": "groq-1a2b3c4d",
                        "state": "cooling",
                        "reason": "",
                        "until": 1_240.0,
                        "label": "",
                        "source": "",
                        "account": "",
                        "class": "",
                        "in_flight": 0,
                        "requests_today": 0,
                        "errors_today": 0,
                        "tokens_today": 0,
                        "latency_ms": None,
                    }
                ],
                "in_flight": 0,
                "requests_today": 0,
                "errors_today": 0,
                "tokens_today": 0,
                "latency_ms": None,
                "learned": {"llama": {"tools": True, "vision": None, "reasoning": None, "context": 131_072}},
            }
        ],
        "store": {
            "state": "ok",
            "message": "",
            "rows_waiting": 0,
            "rows_max": 0,
            "path": "",
            "bytes_on_disk": 0,
            "moved_aside": "",
        },
        "draining": False,
        "demo": False,
        "in_flight": 0,
        "connections": 0,
        "finishing": [],
        "next_out": None,
        "warnings": [],
    }
    assert msgspec.json.decode(msgspec.json.encode(status), type=Status) == status


def test_a_newer_daemon_may_say_more_and_use_new_words() -> None:
    raw = b'{"fingerprint": "groq-1a2b3c4d", "state": "meditating", "mood": "calm"}'
    assert msgspec.json.decode(raw, type=CredentialStatus).state == "meditating"
