"""Secrets: how a key is held, named without being shown, and kept out of text.

A key lives in a `Secret`, which prints as its fingerprint and cannot be written by msgspec or pickle: a key that
ends up in a log line, an error or a struct that is sent somewhere shows as `groq-1a2b3c4d`, or fails loudly in the
first test that tries. Text that others wrote (an upstream's error may echo the key it got) goes through `scrub`
before it is stored or passed on.
"""

import hashlib
import hmac
import re
from collections.abc import Iterable
from typing import Final, NoReturn, Self

CLIENT: Final = "client"
"""What stands for the provider in the fingerprint of a key that our own clients use."""

SCRUBBED_CHARS_MAX: Final = 4096
PLANTED_CHARS_MIN: Final = 8
"""A shorter secret (such as the word `local`) is not searched for: it would blot out ordinary words."""


class Secret:
    """A key or token. Only `reveal()` gives it away."""

    __slots__ = ("_value", "fingerprint")

    fingerprint: str

    def __init__(self, value: str, provider: str) -> None:
        self._value = value
        self.fingerprint = fingerprint(provider, value)

    def reveal(self) -> str:
        return self._value

    def shown_as(self, fingerprint: str) -> "Secret":
        """The same, shown by the name of whose it is: a token passes, its account can be found."""
        other = Secret(self._value, "")
        other.fingerprint = fingerprint
        return other

    def __repr__(self) -> str:
        return f"<{self.fingerprint}>"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return format(repr(self), spec)

    def __eq__(self, other: object) -> bool:
        """Compared by value in constant time; the provider does not matter."""
        return hmac.compare_digest(_octets(self._value), _octets(other._value)) if isinstance(other, Secret) else False

    def __hash__(self) -> int:
        return hash(self._value)

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: dict[int, object]) -> Self:
        return self

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret is not written anywhere by accident")


def fingerprint(provider: str, key: str) -> str:
    """The name under which a key is shown: stable, and of no use to anybody who would like the key."""
    return f"{provider}-{hashlib.sha256(b'hermes-router:' + _octets(key)).hexdigest()[:8]}"


def _octets(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def scrub(text: str, secrets: Iterable[Secret] = (), limit: int = SCRUBBED_CHARS_MAX) -> str:
    """The first *limit* characters of *text*, without the secrets given and without what looks like one.

    The cut never lays a secret open: what begins before it is replaced whole, however far it reaches.
    """
    planted = [secret for secret in secrets if len(secret.reveal()) >= PLANTED_CHARS_MIN]
    reach = max((len(secret.reveal()) for secret in planted), default=0)
    window = text[: limit + max(reach, 512)]
    found = sorted([*_planted_in(window, planted), *_look_alikes_in(window)], key=lambda span: span[0])
    kept: list[str] = []
    at = 0
    for start, end, name in found:
        if start >= limit:
            break
        if start >= at:
            kept += (window[at:start], f"[{name}]")
        at = max(at, end)
    if at < limit:
        kept.append(window[at:limit])
    return "".join(kept) + ("…" if len(text) > limit else "")


class Lookout:
    """Looks out for some secrets in short texts: put together once, asked with every request, whatever their number."""

    __slots__ = ("_search",)

    def __init__(self, secrets: Iterable[Secret] = ()) -> None:
        values = {value for secret in secrets if len(value := secret.reveal()) >= PLANTED_CHARS_MIN}
        self._search = re.compile("|".join(map(re.escape, sorted(values)))).search if values else None

    def sees_one(self, text: str) -> bool:
        """Whether one of them stands in *text*, whole."""
        return self._search is not None and self._search(text) is not None

    def __repr__(self) -> str:
        return "Lookout()"


_Span = tuple[int, int, str]


def _planted_in(text: str, secrets: Iterable[Secret]) -> Iterable[_Span]:
    for secret in secrets:
        value = secret.reveal()
        at = text.find(value)
        while at >= 0:
            yield at, at + len(value), secret.fingerprint
            at = text.find(value, at + 1)


LOOK_ALIKES: Final = (
    # The providers' own shapes, masked ones (`sk-proj-****abcd`) included.
    (
        ("sk-", "sk_", "rk-", "xai-", "nvapi-", "glpat-", "hf_", "gh", "github_pat_", "aiza", "aq.", "ya29."),
        re.compile(
            r"(?<![A-Za-z0-9])((?:sk|csk|rk|xai|nvapi|glpat)-[\w\-.*]{7,}[\w\-*]"
            r"|(?:gsk|hf|gh[pousr]|github_pat)_[\w\-.*]{7,}[\w\-*]|AIza[\w\-*]{8,}|AQ\.[\w\-*]{16,}|ya29\.[\w\-.*]{7,}[\w\-*])"
        ),
    ),
    # A JSON Web Token (RFC 7519).
    (("eyj",), re.compile(r"(?<![A-Za-z0-9])(eyJ[\w\-]{8,}(?:\.[\w\-]*){0,4})")),
    (
        ("bearer", "bas"),
        re.compile(r"(?i)\b(?:bearer|basic)[ \t]{1,8}((?=\S{0,200}[\d\-_.=])[^\s\"',;<>]{8,}|[^\s\"',;<>]{16,})"),
    ),
    # What an assignment or a sentence calls a key: `"api_key": "…"`, `API key provided: …`, `token=…`.
    (
        ("key", "token", "secret", "pass", "cred", "author"),
        re.compile(
            r"(?i)(?:key|token|secret|passwd|password|credential|authorization)s?[\"']?"
            r"(?:(?:[ \t]{1,4}\w{1,16}){0,3}[ \t]{0,4}[:=][ \t]{0,4}|[ \t]{1,4})[\"'`(\[<]?"
            r"((?=[\w+/\-.=*]{0,200}\d)[\w+/\-.=*]{19,}[\w+/\-=*])"
        ),
    ),
    # User and password inside a URL.
    (("://",), re.compile(r"(?i)(?<=://)([^\s/@\"']{1,200}(?=@))")),
)
"""A pattern finds nothing in a text in which, folded, none of its words stands; to look for them takes a tenth of the time, and
mostly there is nothing to find. Where case does not matter the words are without an i, for which Python takes other letters
that do not fold to it."""


_WORDS: Final = tuple(word for words, _ in LOOK_ALIKES for word in words)


def looks_like_one(text: str) -> bool:
    """Whether something in *text* looks like a key."""
    return any(True for _ in _look_alikes_in(text))


def _look_alikes_in(text: str) -> Iterable[_Span]:
    folded = text.casefold()
    said = {word for word in _WORDS if word in folded}
    if said:
        for words, pattern in LOOK_ALIKES:
            if not said.isdisjoint(words):
                for match in pattern.finditer(text):
                    yield match.start(1), match.end(1), "redacted"
