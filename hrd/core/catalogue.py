"""The catalogue: the rows of catalogue.toml with the user's `[providers.<name>]` laid over them.

A field that cannot be used is left as the catalogue has it and named in the problems, all of them at once: the caller
decides whether to start. Reading the file itself is the daemon's business.
"""

import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, get_type_hints

import msgspec

from hrd.core.nearest import nearest
from hrd.core.providers import CostClass, ModelFacts, Provider, Quirks
from hrd.core.quota.limit import Limit, why_unusable
from hrd.core.secrets import scrub
from hrd.core.times import is_zone

DIALECTS: Final = ("openai_chat", "openai_responses", "anthropic_messages", "codex")
READERS: Final = (
    "generic",
    "codex",
    "gemini",
    "openrouter",
    "sambanova",
    "github_models",
    "cerebras",
    "groq",
    "mistral",
    "cohere",
    "zai",
    "naga",
    "nvidia",
    "huggingface",
    "kimi",
    "openai",
    "anthropic",
    "local",
)
QUOTA_SCOPES: Final = ("account", "account_model", "credential", "candidate")
COST_CLASSES: Final = tuple(member.name.lower() for member in CostClass)
TOKEN_FIELDS: Final = ("max_tokens", "max_completion_tokens")
REPLY_QUIRKS: Final = ("tool_index", "list_content", "finish_reason", "done", "choices")

VALUE_SHOWN_CHARS: Final = 80
_NOT_FOR_USERS: Final = frozenset({"name", "demo", "own_limits"})
_WHERE_KEYS_ARE_LOOKED_FOR: Final = frozenset({"api_key", "api_keys", "key", "keys", "token", "tokens"})

_OWN: Final = "the user's limits"
"""Not a name that anybody could write: `limits` in config.toml is laid over `own_limits`."""

Tree = dict[str, Any]
"""Plain data as TOML gives it, before it becomes a struct."""


def read_catalogue(toml_text: str, overrides: Mapping[str, Mapping[str, object]]) -> tuple[dict[str, Provider], list[str]]:
    """Every provider by name, in the catalogue's order, and what is wrong, one line a field."""
    problems: list[str] = []
    rows: dict[str, Tree] = tomllib.loads(toml_text)
    for name in overrides:
        if name not in rows:
            meant = nearest(name, rows)
            hint = f"did you mean {meant}?" if meant else f"there are: {', '.join(rows)}"
            problems.append(f"[providers.{name}]: no such provider; {hint}")
    providers: dict[str, Provider] = {}
    for name, row in rows.items():
        tree: Tree = {"name": name}
        _lay_over(tree, row, Provider, _Place(name, problems))
        _lay_over(tree, _as_own(overrides.get(name, {})), Provider, _Place(name, problems))
        providers[name] = msgspec.convert(tree, Provider)
    return providers, problems


class _Place:
    """Where in `[providers.<name>]` we are, to name it in a problem."""

    def __init__(self, provider: str, problems: list[str], path: tuple[str, ...] = ()) -> None:
        self.provider = provider
        self.problems = problems
        self.path = path

    def inside(self, key: str) -> "_Place":
        return _Place(self.provider, self.problems, (*self.path, key))

    def refuse_unseen(self, accepted: str) -> None:
        """What stood there is in the words, or must not be."""
        self.problems.append(f"[providers.{self.provider}] {'.'.join(self.path)}: {accepted}")

    def refuse(self, value: object, accepted: str) -> None:
        said = "" if self.path[0] == "headers" else f" = {_shown(value)}"
        self.problems.append(f"[providers.{self.provider}] {'.'.join(self.path)}{said}: {accepted}")


def _shown(value: object) -> str:
    text = scrub(repr(value))
    return text if len(text) <= VALUE_SHOWN_CHARS else text[:VALUE_SHOWN_CHARS] + "…"


def _as_own(above: object) -> object:
    """The limits that a user writes are the user's own, and stand beside those that the catalogue claims. Claims are of the
    address that the catalogue has."""
    if not isinstance(above, Mapping):
        return above
    own = {**above, _OWN: above["limits"]} if "limits" in above else dict(above)
    own.pop("limits", None)
    return {**own, "limits": []} if "base_url" in above else own


def _lay_over(tree: Tree, above: object, kind: type[msgspec.Struct], place: _Place) -> None:
    """Put every usable field of *above* into *tree*, which holds what the struct *kind* is made of."""
    if not isinstance(above, Mapping):
        place.refuse(above, "a table is wanted")
        return
    fields = get_type_hints(kind)
    for key, value in above.items():
        at = place.inside(key)
        if key == _OWN:
            _set(tree, "own_limits", value, fields["own_limits"], place.inside("limits"))
        elif kind is Provider and key.lower() in _WHERE_KEYS_ARE_LOOKED_FOR:
            at.refuse_unseen(f"keys belong into auth.json (`hr auth add {at.provider}`) or .env")
        elif key not in fields or (kind is Provider and key in _NOT_FOR_USERS):
            meant = nearest(key, fields.keys() - _NOT_FOR_USERS)
            at.refuse(value, f"no such field; did you mean {meant}?" if meant else "no such field")
        elif fields[key] is Quirks:
            _lay_over(tree.setdefault(key, {}), value, Quirks, at)
        elif key == "models_facts" and isinstance(value, Mapping):
            for model, facts in value.items():
                _lay_over(tree.setdefault(key, {}).setdefault(model, {}), facts, ModelFacts, at.inside(model))
        else:
            _set(tree, key, value, fields[key], at)


def _set(tree: Tree, key: str, value: object, kind: Any, place: _Place) -> None:
    try:
        usable = msgspec.convert(value, kind)
    except msgspec.ValidationError as reason:
        place.refuse(value, _in_words(kind, reason))
        return
    if key in ("limits", "own_limits"):
        _set_limits(tree, key, usable, place)
        return
    check = _CHECKS.get(key)
    if check is not None and not check[0](usable):
        place.refuse(value, check[1])
    elif isinstance(value, Mapping):
        tree[key] = {**tree.get(key, {}), **value}
    else:
        tree[key] = _TIDIED.get(key, _as_it_is)(usable)


def _set_limits(tree: Tree, key: str, found: Iterable[Limit], place: _Place) -> None:
    good = []
    for number, one in enumerate(found, 1):
        why = why_unusable(one)
        if why:
            place.refuse_unseen(f"in number {number}, {scrub(why)}")
        else:
            good.append(one)
    tree[key] = [msgspec.to_builtins(one) for one in good]


def _in_words(kind: Any, reason: msgspec.ValidationError) -> str:
    for known, words in _KINDS:
        if kind == known:
            return f"{words} is wanted"
    return str(reason)


_KINDS: Final[tuple[tuple[Any, str], ...]] = (
    (str, "a text"),
    (str | None, "a text"),
    (bool, "true or false"),
    (bool | None, "true or false"),
    (int, "a whole number"),
    (int | None, "a whole number"),
    (float, "a number"),
    (tuple[str, ...], "a list of texts"),
    (dict[str, str], "a table of texts"),
    (dict[str, tuple[float, float]], "a table of pairs [least, most]"),
    (dict[str, ModelFacts], "a table of tables, one a model"),
    (tuple[Limit, ...], 'a list of tables such as { kind = "requests/day", limit = 50 }'),
)

_HEADER_NAME: Final = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_HEADER_VALUE: Final = re.compile(r"[\x21-\x7e](?:[\t\x20-\x7e]*[\x21-\x7e])?|")
_BASE_URL: Final = re.compile(r"https?://[^\s/?#@]+(?:/[^\s?#]*)?")


def _is_count(value: Any) -> bool:
    return value is None or value >= 0


def _is_pattern(value: str) -> bool:
    try:
        re.compile(value)
    except re.error:
        return False
    return True


def _one_of(*words: str) -> tuple[Callable[[Any], bool], str]:
    return (lambda value: value in words), f"one of {', '.join(words)} is wanted"


_COUNT: Final = (_is_count, "a number that is not negative is wanted")

_CHECKS: Final[dict[str, tuple[Callable[[Any], bool], str]]] = {
    "dialect": _one_of(*DIALECTS),
    "reader": _one_of(*READERS),
    "quota_scope": _one_of(*QUOTA_SCOPES),
    "cost_class": _one_of(*COST_CLASSES),
    "token_field": _one_of(*TOKEN_FIELDS),
    "class_by_suffix": (
        lambda value: all(suffix and cost_class in COST_CLASSES for suffix, cost_class in value.items()),
        f"endings with one of {', '.join(COST_CLASSES)} each are wanted",
    ),
    "rewrite_reply": (
        lambda value: all(quirk in REPLY_QUIRKS for quirk in value),
        f"a list out of {', '.join(REPLY_QUIRKS)} is wanted",
    ),
    "base_url": (lambda value: _BASE_URL.fullmatch(value) is not None, "a URL with http:// or https:// is wanted"),
    "reset_zone": (is_zone, "a time zone such as UTC or America/Los_Angeles is wanted"),
    "tool_ids": (_is_pattern, "a regular expression is wanted"),
    "clamp": (
        lambda value: all(least <= most for least, most in value.values()),
        "pairs [least, most] are wanted, the smaller number first",
    ),
    "headers": (
        lambda value: all(_HEADER_NAME.fullmatch(name) and _HEADER_VALUE.fullmatch(said) for name, said in value.items()),
        "header names and values of visible ASCII characters are wanted",
    ),
    "user_agent": (
        lambda value: _HEADER_VALUE.fullmatch(value) is not None,
        "visible ASCII characters are wanted",
    ),
    "skip_tokens_over": _COUNT,
    "max_output_tokens": _COUNT,
    "body_bytes_max": _COUNT,
    "context": _COUNT,
    "max_output": _COUNT,
    "first_token_s": (lambda value: 0 < value <= 86400, "a number of seconds above 0 is wanted, a day at most"),
}


def _as_it_is(value: object) -> object:
    return value


_TIDIED: Final[dict[str, Callable[[Any], object]]] = {
    "base_url": lambda value: value.rstrip("/"),
    "exclude_models": lambda value: tuple(model.lower() for model in value),
}
"""Written in more than one way by people, in one way everywhere else in the house."""
