"""The request head that a provider sees: made once a candidate, but for what changes with the request. The one place where a
provider's key is revealed."""

import msgspec

from hrd.core.providers import Candidate
from hrd.core.secrets import Secret
from hrd.http import encode
from hrd.upstream.connections import Origin, origin_of
from hrd.upstream.introductions import NOTHING, About, Fields, Introduction, introduction_of
from hrd.upstream.proxies import Proxies, authorization

HOP_HEADER = b"x-hermes-hop"
HEADS_CACHED_MAX = 4096


class Made(msgspec.Struct, frozen=True, gc=False):
    """A candidate's head, all but its end."""

    candidate: Candidate
    origin: Origin
    head: bytes
    secret: Secret
    introduction: Introduction | None = None
    """None: nothing of the head changes with the request."""
    replaceable: Fields = {}
    """What is said unless the client says it."""


class Heads:
    """Heads of requests, all but their length."""

    def __init__(
        self,
        *,
        instance_id: str,
        user_agent: str,
        forwarded: dict[str, dict[str, str]],
        proxies: Proxies = Proxies(),  # noqa: B008 - frozen
    ) -> None:
        """*forwarded*: provider → headers of the settings' (attribution)."""
        self._instance_id = instance_id.encode()
        self._user_agent = user_agent
        self._forwarded = forwarded
        self._proxies = proxies
        self._made: dict[tuple[int, str, bool], Made] = {}

    def head_for(
        self, candidate: Candidate, path: str, length: int, secret: Secret, *, stream: bool, about: About = NOTHING
    ) -> tuple[Origin, bytes]:
        """Where to send, and the whole head for a body of *length* bytes; *secret* is what the credential shows."""
        key = (id(candidate), path, stream)
        made = self._made.get(key)
        if made is None or made.candidate is not candidate or made.secret is not secret:
            if len(self._made) >= HEADS_CACHED_MAX:
                self._made.clear()
            made = self._made[key] = self._make(candidate, path, secret, stream=stream)
        if made.introduction is None:
            return made.origin, b"%bcontent-length: %d\r\n\r\n" % (made.head, length)
        lines = encode.header_lines(made.introduction.of_request(made.replaceable, about).items())
        return made.origin, b"%b%bcontent-length: %d\r\n\r\n" % (made.head, lines, length)

    def renew(self, forwarded: dict[str, dict[str, str]], proxies: Proxies) -> None:
        """Settings or credentials changed: other headers are added, others are asked by way of others, and no secret is kept
        longer than it is wanted."""
        self._forwarded, self._proxies = forwarded, proxies
        self._made.clear()

    def _make(self, candidate: Candidate, path: str, secret: Secret, *, stream: bool) -> Made:
        provider = candidate.provider
        introduction = introduction_of(provider.dialect)
        key_name, key_value = introduction.key(secret.reveal())
        origin, base_path = origin_of(provider.base_url)
        via = self._proxies.between(is_tls=origin.is_tls, host=origin.host, port=origin.port)
        target = base_path + path
        if via is not None:
            origin = msgspec.structs.replace(origin, via=via)
            target = target if origin.is_tls else f"http://{origin.host_header}{target}"
        headers = {
            b"user-agent": (provider.user_agent or self._user_agent).encode(),
            key_name: key_value,
            b"content-type": b"application/json",
            b"accept": b"text/event-stream" if stream else b"application/json",
            b"accept-encoding": b"identity",
            HOP_HEADER: self._instance_id,
            **introduction.says(candidate.credential),
        }
        for name, value in {**provider.headers, **self._forwarded.get(provider.name, {})}.items():
            headers[name.lower().encode()] = value.encode()
        if via is not None and not origin.is_tls:
            headers |= authorization(via)
        replaceable = {name: headers.pop(name) for name in list(headers) if introduction.is_taken_over(name)}
        head = encode.request_head("POST", target, origin.host_header, headers.items()).removesuffix(b"\r\n")
        if not introduction.takes_over:
            return Made(candidate, origin, head, secret)
        return Made(candidate, origin, head, secret, introduction, replaceable)
