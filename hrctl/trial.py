"""One request end to end, and what became of it: the answer, the route that it took, what it cost."""

from collections.abc import Iterator, Mapping
from typing import TypeVar

import msgspec

from hrctl.client import Client
from hrctl.endpoint import Endpoint
from hrctl.problems import Trouble
from hrctl.words import milliseconds, money, plain, sentence
from hrd.admin.wire.journal import WHY, Exchange, WhyQuestion
from hrd.admin.wire.models import MODELS, ModelsQuestion

T = TypeVar("T")


class _Function(msgspec.Struct):
    name: str = ""


class _ToolCall(msgspec.Struct):
    function: _Function = msgspec.field(default_factory=_Function)


class _Message(msgspec.Struct):
    content: str | None = None
    reasoning_content: str | None = None
    reasoning: str | None = None
    tool_calls: list[_ToolCall] | None = None


class _Choice(msgspec.Struct):
    message: _Message = msgspec.field(default_factory=_Message)


class _Details(msgspec.Struct):
    reasoning_tokens: int | None = None


class _Usage(msgspec.Struct):
    completion_tokens_details: _Details | None = None


class _Completion(msgspec.Struct):
    choices: list[_Choice] = []
    usage: _Usage | None = None


class _Error(msgspec.Struct):
    message: str = ""


class _Refused(msgspec.Struct):
    error: _Error


class Trial(msgspec.Struct, frozen=True, kw_only=True):
    """`hr try --json`. `exchange` is what `hr why` would tell; None when the router kept nothing of it."""

    status: int
    request_id: str
    text: str
    took_ms: float
    cost_class: str = ""
    reasoned: bool = False
    exchange: Exchange | None = None

    @property
    def is_good(self) -> bool:
        return self.status == 200


def try_out(client: Client, endpoint: Endpoint, request: Mapping[str, object]) -> Trial:
    """Ask, then have it explained. A refusal's text is what the router said."""
    told = endpoint.chat(request)
    exchange = _explained(client, told.request_id)
    if told.status != 200:
        text = _read(told.body, _Refused, _Refused(_Error())).error.message or "no reason was given"
        return Trial(status=told.status, request_id=told.request_id, text=text, took_ms=told.took_ms, exchange=exchange)
    completion = _read(told.body, _Completion, _Completion())
    message = completion.choices[0].message if completion.choices else _Message()
    return Trial(
        status=200,
        request_id=told.request_id,
        text=message.content or ("(a tool was called)" if message.tool_calls else "(nothing was said)"),
        took_ms=told.took_ms,
        cost_class=_class_of(client, exchange) if exchange is not None else "",
        reasoned=_reasoned(completion, message, exchange),
        exchange=exchange,
    )


def _read(body: bytes, kind: type[T], otherwise: T) -> T:
    """What was said, as far as it can be understood."""
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
        return otherwise


def _explained(client: Client, request_id: str) -> Exchange | None:
    try:
        return client.ask(WHY, WhyQuestion(request_id=request_id)).value.exchange
    except Trouble:
        return None


def _class_of(client: Client, exchange: Exchange) -> str:
    try:
        found = client.ask(MODELS, ModelsQuestion(provider=exchange.provider)).value.providers
    except Trouble:
        return ""
    rows = [row for one in found for row in one.models if row.name == exchange.model]
    return rows[0].cost_class if rows else ""


def _reasoned(completion: _Completion, message: _Message, exchange: Exchange | None) -> bool:
    """Whether the model shows that it thought first: in words, or in tokens."""
    details = completion.usage.completion_tokens_details if completion.usage is not None else None
    tokens = (details.reasoning_tokens or 0) if details is not None else 0
    known = exchange.usage.reasoning_tokens if exchange is not None else 0
    return bool(message.reasoning_content or message.reasoning or tokens or known)


def drawn_trial(trial: Trial) -> Iterator[str]:
    """A good one for people: what was said, by whom, for how much."""
    yield trial.text.strip()
    yield ""
    one = trial.exchange
    if one is None:
        yield f"Answered within {milliseconds(trial.took_ms)}"
        return
    missed = [f"{plain(a.provider)}/{plain(a.model)} ({plain(a.outcome)})" for a in one.attempts if a.outcome != "ok"]
    yield sentence(f"Route: {plain(one.provider)}/{plain(one.model)} with {plain(one.credential)}", *_after(missed))
    used = one.usage
    counted = f"{used.input_tokens:,} in, {used.output_tokens:,} out ({plain(used.source)})" if used.source != "none" else ""
    yield f"Tokens: {counted or 'not counted'}"
    yield f"Cost: {_cost(trial, one)}"
    yield f"Time: {milliseconds(trial.took_ms)}"
    yield f"More: hr why {plain(trial.request_id)}"


def _after(missed: list[str]) -> Iterator[str]:
    if missed:
        yield f"after {', '.join(missed)}"


def _cost(trial: Trial, one: Exchange) -> str:
    if one.cost_microusd is None:
        return f"not known ({trial.cost_class or 'unknown class'})"
    return money(one.cost_microusd) if one.cost_microusd else "none"
