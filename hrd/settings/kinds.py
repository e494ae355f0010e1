"""The kinds of value that a setting can have: each reads text, or says what it would have accepted."""

import re
from typing import Final, Protocol

import msgspec

from hrd.core.aliases import provider_named
from hrd.settings.urls import base_url, is_host, origin

_WHOLE = re.compile(r"[0-9]{1,18}")
_DECIMAL = re.compile(r"[0-9]{1,15}(?:\.[0-9]{0,15})?|\.[0-9]{1,15}")
_GROUP = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,31}\$?|[0-9]{1,10}")
_FLAGS: Final = {
    "1": True,
    "true": True,
    "yes": True,
    "on": True,
    "0": False,
    "false": False,
    "no": False,
    "off": False,
}

ITEMS_MAX: Final = 1000
MODEL_CHARS_MAX: Final = 200


class Rejected(msgspec.Struct, frozen=True):
    """The text is not a value of this kind."""


REJECTED: Final = Rejected()


class Kind(Protocol):
    @property
    def accepted(self) -> str:
        """What would be accepted, as the end of a sentence."""
        ...

    def parse(self, text: str) -> object:
        """The value, or `REJECTED`."""
        ...


class Whole(msgspec.Struct, frozen=True):
    low: int
    high: int

    @property
    def accepted(self) -> str:
        return f"a whole number from {self.low} to {self.high}"

    def parse(self, text: str) -> int | Rejected:
        value = int(text) if _WHOLE.fullmatch(text) else -1
        return value if self.low <= value <= self.high else REJECTED


class Decimal(msgspec.Struct, frozen=True):
    low: float
    high: float

    @property
    def accepted(self) -> str:
        return f"a number from {self.low:.10g} to {self.high:.10g}"

    def parse(self, text: str) -> float | Rejected:
        value = float(text) if _DECIMAL.fullmatch(text) else -1.0
        return value if self.low <= value <= self.high else REJECTED


class Flag(msgspec.Struct, frozen=True):
    accepted: str = "1 or 0"

    def parse(self, text: str) -> bool | Rejected:
        return _FLAGS.get(text.lower(), REJECTED)


class Choice(msgspec.Struct, frozen=True):
    options: tuple[str, ...]
    aliases: dict[str, str] = {}

    @property
    def accepted(self) -> str:
        return f"one of {', '.join(self.options)}"

    def parse(self, text: str) -> str | Rejected:
        by_word = {option.lower(): option for option in self.options} | self.aliases
        return by_word.get(text.lower().replace("_", "-"), REJECTED)


class Line(msgspec.Struct, frozen=True):
    """Text on one line, as it may stand in a header."""

    chars_max: int = 500

    @property
    def accepted(self) -> str:
        return f"one line of at most {self.chars_max} ASCII characters"

    def parse(self, text: str) -> str | Rejected:
        return text if len(text) <= self.chars_max and text.isascii() and text.isprintable() else REJECTED


class FilePath(msgspec.Struct, frozen=True):
    accepted: str = "the path of a file"

    def parse(self, text: str) -> str | Rejected:
        return text if text.isprintable() and len(text) <= 4096 else REJECTED


class Host(msgspec.Struct, frozen=True):
    accepted: str = "an address or host name to listen on, such as 127.0.0.1"

    def parse(self, text: str) -> str | Rejected:
        bare = text[1:-1] if text.startswith("[") and text.endswith("]") else text
        return bare if is_host(bare) and not bare.isdecimal() else REJECTED


class Group(msgspec.Struct, frozen=True):
    accepted: str = "the name or number of a group"

    def parse(self, text: str) -> str | Rejected:
        return text if _GROUP.fullmatch(text) else REJECTED


class BaseUrl(msgspec.Struct, frozen=True):
    suffix: str = ""
    accepted: str = "a URL such as https://host/v1, without user, password, query or fragment"

    def parse(self, text: str) -> str | Rejected:
        url = base_url(text)
        if url is None:
            return REJECTED
        return url if url.endswith(self.suffix) else url + self.suffix


class Ports(msgspec.Struct, frozen=True):
    accepted: str = "up to eight port numbers with commas between them"

    def parse(self, text: str) -> tuple[int, ...] | Rejected:
        found = listed(text)
        ports = tuple(int(item) for item in found if _WHOLE.fullmatch(item) and int(item) < 65_536)
        return ports if 0 < len(ports) == len(found) <= 8 else REJECTED


class Model(msgspec.Struct, frozen=True):
    accepted: str = "the id of one model, without white space or commas, of at most 200 characters"

    def parse(self, text: str) -> str | Rejected:
        return text if is_model_id(text) else REJECTED


class Models(msgspec.Struct, frozen=True):
    """A comma list of model ids, in the order given, each once."""

    accepted: str = "ids of models with commas between them, none longer than 200 characters"

    def parse(self, text: str) -> tuple[str, ...] | Rejected:
        ids = listed(text)
        return ids if len(ids) <= ITEMS_MAX and all(map(is_model_id, ids)) else REJECTED


class ModelsOfProviders(msgspec.Struct, frozen=True):
    """A comma list of `provider/model`, kept as pairs."""

    accepted: str = "pairs such as mistral/mistral-embed with commas between them"

    def parse(self, text: str) -> tuple[tuple[str, str], ...] | Rejected:
        pairs: list[tuple[str, str]] = []
        for item in listed(text):
            name, _, model = item.partition("/")
            provider = provider_named(name)
            if provider is None or not is_model_id(model):
                return REJECTED
            pairs.append((provider, model))
        return tuple(pairs) if len(pairs) <= ITEMS_MAX else REJECTED


class Origins(msgspec.Struct, frozen=True):
    accepted: str = "origins such as http://localhost:3000 with commas between them, or *"

    def parse(self, text: str) -> tuple[str, ...] | Rejected:
        found = [origin(item) for item in listed(text)]
        valid = tuple(item for item in found if item is not None)
        return valid if len(valid) == len(found) <= ITEMS_MAX else REJECTED


def is_model_id(text: str) -> bool:
    return 0 < len(text) <= MODEL_CHARS_MAX and text.isprintable() and not any(char in " ," for char in text)


def listed(text: str) -> tuple[str, ...]:
    """The items of a comma list, blank ones left out, each once."""
    return tuple(dict.fromkeys(item for part in text.split(",") if (item := part.strip())))
