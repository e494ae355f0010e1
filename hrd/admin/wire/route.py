"""A route: one conversation on the control socket, and the body of every refusal."""

import re
from typing import Generic, TypeVar
from urllib.parse import quote, urlencode

import msgspec

Q = TypeVar("Q")
A = TypeVar("A")

_PATH_FIELD = re.compile(r"\{(\w+)\}")


class Ask(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A request. What the daemon does not know, it refuses: half a wish granted is a surprise."""


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """An answer, or a part of one."""


class Nothing(Ask, frozen=True, kw_only=True):
    """A request that says all in its path."""


class Route(msgspec.Struct, Generic[Q, A], frozen=True):
    """One conversation. `streams`: the answer is many `answer`s, a JSON line each, until somebody hangs up."""

    method: str
    path: str
    ask: type[Q]
    answer: type[A]
    streams: bool = False

    def target(self, ask: Q) -> str:
        """The request target: path fields filled in, everything else of a GET that is not its default in the query."""
        if self.method != "GET":
            return self.path
        fields = msgspec.to_builtins(ask)
        path = _PATH_FIELD.sub(lambda found: quote(str(fields.pop(found[1], "")), safe=""), self.path)
        query = urlencode({k: "1" if v is True else v for k, v in fields.items()})
        return f"{path}?{query}" if query else path


class Problem(Answer, frozen=True, kw_only=True):
    """What happened and what it means; `hint` is what to type next."""

    message: str
    hint: str = ""


class Refused(Answer, frozen=True, kw_only=True):
    """The body of every refusal."""

    error: Problem
