"""The ways to the providers: by way of which proxy, whether their names are known, whether they are who they say.

Connections are made and closed again; no request goes over them.
"""

import ssl
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping

import trio

from hrd.admin.doctor.finding import fine, odd, wrong
from hrd.admin.wire.doctor import Finding
from hrd.core.providers import Provider
from hrd.http.wire import WireBroken
from hrd.settings.urls import is_address
from hrd.upstream.connections import Origin, Transport, origin_of
from hrd.upstream.proxies import Proxies, is_here

NAMES_S = 5.0
"""How long the look-up of a name may take."""
TLS_HINT = (
    "is the clock right? Does a proxy or virus scanner open TLS here? Then install its certificate: update-ca-certificates"
)


def ways(providers: Iterable[Provider], proxies: Proxies) -> dict[str, Origin]:
    """Provider → where it is asked, and by way of whom."""
    found = {}
    for provider in providers:
        origin, _ = origin_of(provider.base_url)
        via = proxies.between(is_tls=origin.is_tls, host=origin.host, port=origin.port)
        found[provider.name] = Origin(origin.is_tls, origin.host, origin.port, via)
    return found


def proxies_used(origins: Mapping[str, Origin], proxies: Proxies) -> Finding:
    """Who is asked by way of whom."""
    if proxies.http is None and proxies.https is None:
        return fine("proxies", "none is set: providers are asked directly")
    by_way = [f"{name} by way of {origin.via.name}" for name, origin in origins.items() if origin.via is not None]
    direct = [name for name, origin in origins.items() if origin.via is None]
    directly = [f"{', '.join(direct)} directly"] if direct else []
    return fine("proxies", "; ".join([*by_way, *directly]) or "set, and nobody to ask yet")


async def reach(
    origins: Mapping[str, Origin], connect: Callable[[Origin], Awaitable[Transport]], *, connect_s: float
) -> list[Finding]:
    """Whether each can be connected to, all at once. Providers that share an origin share the finding."""
    names: dict[Origin, list[str]] = {}
    for name, origin in origins.items():
        names.setdefault(origin, []).append(name)
    found: dict[Origin, Finding] = {}

    async def look(origin: Origin) -> None:
        found[origin] = await _reached(", ".join(names[origin]), origin, connect, connect_s)

    async with trio.open_nursery() as nursery:
        for origin in names:
            nursery.start_soon(look, origin)
    return [found[origin] for origin in names]


async def _reached(name: str, origin: Origin, connect: Callable[[Origin], Awaitable[Transport]], connect_s: float) -> Finding:
    asked_host = origin.host if origin.via is None else origin.via.host
    if (unknown := await _unknown(asked_host)) is not None:
        hint = f"is the network up? See: getent hosts {asked_host}"
        return wrong("reach", f"{name}: the name {asked_host} is not known here: {unknown}", hint)
    began = trio.current_time()
    with trio.move_on_after(connect_s):
        try:
            transport = await connect(origin)
        except WireBroken as broken:
            return wrong("reach", f"{name}: {broken}", _hint(name, origin, broken))
        transport.close()
        took_ms = (trio.current_time() - began) * 1000
        via = f" by way of {origin.via.name}" if origin.via is not None else ""
        said = "answers, TLS is good" if origin.is_tls else "answers"
        return fine("reach", f"{name}: {origin.host_header}{via} {said} ({took_ms:.0f} ms)")
    return wrong("reach", f"{name}: no connection to {origin.host_header} within {connect_s:.0f} s", _hint(name, origin, None))


async def _unknown(host: str) -> str | None:
    """Why the resolver does not know *host*; None when it does."""
    if is_address(host):
        return None
    with trio.move_on_after(NAMES_S):
        try:
            await trio.socket.getaddrinfo(host, None)
        except (OSError, UnicodeError) as error:
            return getattr(error, "strerror", None) or str(error)
        return None
    return f"no answer within {NAMES_S:.0f} s"


def _hint(name: str, origin: Origin, broken: WireBroken | None) -> str:
    if broken is not None and isinstance(broken.__cause__, ssl.SSLError):
        return TLS_HINT
    if origin.via is not None:
        asked = f"{'https' if origin.is_tls else 'http'}://{origin.host_header}"
        name = "HTTPS_PROXY" if origin.is_tls else "HTTP_PROXY"
        user = " --proxy-user USER" if origin.via.credentials is not None else ""  # curl asks for the password
        return f"is {name} (or ALL_PROXY) right? Try: curl -v --proxy http://{origin.via.name}{user} {asked}"
    if is_here(origin.host):
        return f"start the server there, or set {name.upper()}_BASE_URL to where it listens"
    return f"see whether anything gets there: curl -v {'https' if origin.is_tls else 'http'}://{origin.host_header}"


def switched_off(off: Mapping[str, str], remedies: Mapping[str, str]) -> Iterator[Finding]:
    """Providers with a key that are not asked all the same, and what can be done about it where something can."""
    for name, why in off.items():
        yield odd("reach", f"{name} has a key and is not asked: {why}", remedies.get(name, f"see: hr model list {name}"))
