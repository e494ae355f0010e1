"""Which proxy stands between us and a provider, and what is said to it. Pure.

As other programs do it: HTTPS_PROXY for https, HTTP_PROXY for http, ALL_PROXY where one of them is not set, and nobody for the
hosts that NO_PROXY names. A target on this machine is never asked for by way of a proxy, whatever the settings say: what
listens there is of no concern to anybody else, and a proxy elsewhere would look for it on itself.

Through a proxy, https is a tunnel (CONNECT, RFC 9110 section 9.3.6), http a request with the whole URL as its target (RFC 9112
section 3.2.2).
"""

import ipaddress
import socket
from typing import Final

import msgspec

from hrd.http import encode
from hrd.settings import Settings
from hrd.settings.proxies import HTTP, Proxy

EVERYBODY: Final = "*"
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class Proxies(msgspec.Struct, frozen=True, kw_only=True):
    """The proxies of one settings generation."""

    http: Proxy | None = None
    https: Proxy | None = None
    exempt: tuple[str, ...] = ()

    def between(self, *, is_tls: bool, host: str, port: int) -> Proxy | None:
        """Who is to be asked for a connection to *host*; None is nobody."""
        proxy = self.https if is_tls else self.http
        if proxy is None or is_here(host) or any(_covers(entry, host, port) for entry in self.exempt):
            return None
        return proxy


def proxies_of(settings: Settings) -> Proxies:
    """What the settings say. A proxy that is not spoken to is none: the settings were refused, had it been needed."""
    every = settings.all_proxy if settings.all_proxy is not None and settings.all_proxy.scheme == HTTP else None
    return Proxies(http=settings.http_proxy or every, https=settings.https_proxy or every, exempt=settings.no_proxy)


def authorization(proxy: Proxy) -> dict[bytes, bytes]:
    """The header that names us to *proxy*, if it wants that (RFC 7617)."""
    return {b"proxy-authorization": b"Basic " + proxy.basic.encode()} if proxy.credentials is not None else {}


def connect_request(proxy: Proxy, host: str, port: int) -> bytes:
    """What asks *proxy* for a tunnel."""
    target = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    return encode.request_head("CONNECT", target, target, authorization(proxy).items())


def is_here(host: str) -> bool:
    """Whether *host* is this machine, by one of the names that everybody has for it (RFC 6761 section 6.3)."""
    name = host.lower().rstrip(".")
    if name == "localhost" or name.endswith(".localhost"):
        return True
    address = _address(name)
    return address is not None and (address.is_loopback or address.is_unspecified)


def _covers(entry: str, host: str, port: int) -> bool:
    """Whether an entry of NO_PROXY means *host*: everybody, a network, or a domain with all that is below it."""
    wanted, only_port = _without_port(entry)
    if only_port not in (None, port):
        return False
    if wanted == EVERYBODY:
        return True
    name = host.lower().rstrip(".")
    address = _address(name)
    if address is not None:
        return _is_in(address, wanted)
    domain = wanted.removeprefix(EVERYBODY).strip(".")
    return bool(domain) and (name == domain or name.endswith(f".{domain}"))


def _without_port(entry: str) -> tuple[str, int | None]:
    """The host of an entry, and its port if it names one; more than one colon is an IPv6 address."""
    if entry.startswith("["):
        host, _, rest = entry[1:].partition("]")
        return host, int(rest[1:]) if rest[1:].isdecimal() else None
    host, colon, port = entry.partition(":")
    return (host, int(port)) if colon and port.isdecimal() else (entry, None)


def _is_in(address: Address, network: str) -> bool:
    try:
        return address in ipaddress.ip_network(network, strict=False)
    except ValueError:
        return False


def _address(host: str) -> Address | None:
    """*host* as an address, in every spelling that the resolver would take for one (inet_aton(3): 127.1, 0x7f000001)."""
    for read in (ipaddress.ip_address, _loose_address):
        try:
            address = read(host)
        except (ValueError, OSError):
            continue
        mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
        return mapped or address
    return None


def _loose_address(host: str) -> ipaddress.IPv4Address:
    return ipaddress.IPv4Address(socket.inet_aton(host))
