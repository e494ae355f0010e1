"""Candidates, claims and attempts for the tests of the providers' side."""

from collections.abc import Callable
from typing import Any

import trio

from hrd.core.facts import Claim
from hrd.core.ledger import Reservation
from hrd.core.providers import Candidate, CostClass, Credential, ModelFacts, Provider
from hrd.core.secrets import Secret, scrub
from hrd.http.alarms import Alarms
from hrd.http.limits import HttpLimits
from hrd.upstream.attempt import AttemptLimits, Attempts
from hrd.upstream.connections import Connect, ConnectionLimits, Connections, Dialer
from hrd.upstream.heads import Heads
from hrd.upstream.passes import Keys
from hrd.upstream.trust import SystemTrust

NOW = 1_795_219_200.0
KEY = "test-key-1"


def candidate(base_url: str, **row: Any) -> Candidate:
    secret = Secret(KEY, "alpha")
    return Candidate(
        provider=Provider(name="alpha", base_url=base_url, **row),
        model="model-x",
        credential=Credential(provider="alpha", fingerprint=secret.fingerprint, secret=secret, source="auth.json"),
        cost_class=CostClass.FREE,
        key=f"alpha/model-x#{secret.fingerprint}",
        scopes=(),
        facts=ModelFacts(),
        place=0,
    )


def claim(base_url: str, **row: Any) -> Claim:
    asked = candidate(base_url, **row)
    reservation = Reservation(
        id=1,
        at=NOW,
        request_id="req-1",
        provider="alpha",
        model="model-x",
        credential=asked.credential.fingerprint,
        scopes=(),
        tokens=10,
    )
    return Claim(
        candidate=asked,
        reservation=reservation,
        begun_at=NOW,
        drop=frozenset(),
        max_tokens=None,
        is_last=False,
        order=(),
        is_choosy=False,
    )


def connections(
    nursery: trio.Nursery,
    *,
    connect: Connect | None = None,
    idle_s: float = 50.0,
    idle_max: int = 4,
    open_max: int = 100,
    **limits: int,
) -> Connections:
    alarms = Alarms()
    nursery.start_soon(alarms.run)
    return Connections(
        limits=ConnectionLimits(open_max=open_max, idle_max=idle_max, idle_s=idle_s, http=HttpLimits(**limits)),
        connect=connect or Dialer(SystemTrust()).connect,
        alarms=alarms,
    )


def attempts(pool: Connections, *, connect_s: float = 5.0, error_bytes: int = 65_536) -> Attempts:
    secret = Secret(KEY, "alpha")
    hide: Callable[[str], str] = lambda text: scrub(text, [secret])  # noqa: E731 - shorter than its name
    return Attempts(
        connections=pool,
        heads=Heads(instance_id="this-instance", user_agent="hermes-router/test", forwarded={}),
        passes=Keys(),
        limits=AttemptLimits(connect_s=connect_s, error_bytes=error_bytes, wait_s=30.0),
        scrub=hide,
        now=lambda: NOW,
    )
