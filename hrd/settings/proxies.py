"""Proxies as settings: HTTP_PROXY and its like, written as other programs write them, their credentials kept secret."""

import base64
import re
from typing import Final
from urllib.parse import SplitResult, unquote, urlsplit

import msgspec

from hrd.core.secrets import Secret
from hrd.settings.kinds import ITEMS_MAX, REJECTED, Rejected, listed
from hrd.settings.urls import URL_CHARS_MAX, is_host

HTTP: Final = "http"
PORT: Final = 80
"""Of a proxy that names none: that of its scheme (RFC 3986, 3.2.3)."""
PROXY_NAMES: Final = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
LOWER_CASE: Final = {name.lower(): name for name in (*PROXY_NAMES, "NO_PROXY")}
"""Other programs read these names in both spellings, the lower-case one first."""
SPOKEN: Final = "a proxy such as http://host:3128 or http://user:password@host:3128"

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*")
_PLAIN = re.compile(r"[\x21-\x7e]+")


class Proxy(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who makes connections for us. `name` is what may be shown."""

    host: str
    port: int
    scheme: str = HTTP
    credentials: Secret | None = None
    """User and password with a colon between them, as they are, not as a URL spells them."""

    @property
    def name(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def basic(self) -> str:
        """The credentials as they go out (RFC 7617); empty without any."""
        return base64.b64encode(self.credentials.reveal().encode()).decode() if self.credentials is not None else ""

    def secrets(self) -> tuple[Secret, ...]:
        """Everything that must not be seen: the credentials as they are, the password alone, and as they go out."""
        if self.credentials is None:
            return ()
        password = self.credentials.reveal().partition(":")[2]
        return (self.credentials, Secret(password, "proxy"), Secret(self.basic, "proxy"))


class ProxyUrl(msgspec.Struct, frozen=True):
    """A proxy's URL; `host:port` is one too. Which schemes are spoken is another question (`unspoken`)."""

    accepted: str = SPOKEN

    def parse(self, text: str) -> Proxy | Rejected:
        parts = _split(text)
        if parts is None or parts.path not in ("", "/") or parts.query or parts.fragment or not is_host(parts.hostname or ""):
            return REJECTED
        secret = None
        if parts.username is not None:
            secret = Secret(f"{unquote(parts.username)}:{unquote(parts.password or '')}", "proxy")
        port = PORT if parts.port is None else parts.port
        return Proxy(host=parts.hostname or "", port=port, scheme=parts.scheme, credentials=secret)


class Hosts(msgspec.Struct, frozen=True):
    """NO_PROXY: what other programs take is taken, and what cannot be read matches nobody."""

    accepted: str = "hosts, domains and networks such as localhost,.example.com,10.0.0.0/8 with commas between them, or *"

    def parse(self, text: str) -> tuple[str, ...] | Rejected:
        items = listed(text.lower().replace(" ", ","))
        return items if len(items) <= ITEMS_MAX and text.isprintable() else REJECTED


def unspoken(proxies: dict[str, Proxy | None]) -> dict[str, str]:
    """Name → scheme of those that would be used and speak something else. ALL_PROXY is used where one of the others is not
    set."""
    is_whole = bool(proxies["HTTP_PROXY"] and proxies["HTTPS_PROXY"])
    used = {name: proxy for name, proxy in proxies.items() if proxy is not None and not (name == "ALL_PROXY" and is_whole)}
    return {name: proxy.scheme for name, proxy in used.items() if proxy.scheme != HTTP}


def _split(text: str) -> SplitResult | None:
    if len(text) > URL_CHARS_MAX or not _PLAIN.fullmatch(text) or "\\" in text:
        return None
    try:
        parts = urlsplit(text if "://" in text else f"{HTTP}://{text}")
        is_port_good = parts.port != 0
    except ValueError:
        return None
    return parts if is_port_good and _SCHEME.fullmatch(parts.scheme) else None
