"""What keeps the router from working, and what to type; the providers that it knows."""

import enum

import msgspec

from hrd.admin.wire.route import Answer, Ask, Nothing, Route


class FindingState(enum.StrEnum):
    """How much a finding matters."""

    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"


class Finding(Answer, frozen=True, kw_only=True):
    """One thing that was looked at. `hint` is what to type, where something can be done."""

    subject: str
    message: str
    state: str = FindingState.OK
    hint: str = ""


class Diagnosis(Answer, frozen=True, kw_only=True):
    """`hr doctor --json`. `host` and `port` are what the settings say, `running` whether a daemon said this of itself.
    `askable`: providers that want no key, or have one; nobody, if the settings cannot be read."""

    now: float
    version: str
    running: bool
    findings: tuple[Finding, ...]
    host: str = ""
    port: int = 0
    askable: tuple[str, ...] = ()


class KnownProvider(Answer, frozen=True, kw_only=True):
    """A provider that can be added. `keys_at`: where its keys come from; `has_key`: it can be asked already."""

    name: str
    cost_class: str = msgspec.field(default="", name="class")
    keys_at: str = ""
    keyless: bool = False
    has_key: bool = False
    models: tuple[str, ...] = ()


class KnownProviders(Answer, frozen=True, kw_only=True):
    """All of them, as they stand in the catalogue."""

    providers: tuple[KnownProvider, ...]


class ReasoningFound(Ask, frozen=True, kw_only=True):
    """Whether a model was seen to think before it answered."""

    provider: str
    model: str
    reasoning: bool


class ReasoningNoted(Answer, frozen=True, kw_only=True):
    """What is known of the model now. What settings or catalogue say wins."""

    provider: str
    model: str
    reasoning: bool | None


DOCTOR = Route("GET", "/v1/doctor", Nothing, Diagnosis)
PROVIDERS = Route("GET", "/v1/providers", Nothing, KnownProviders)
REASONING = Route("POST", "/v1/models/reasoning", ReasoningFound, ReasoningNoted)
