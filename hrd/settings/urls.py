"""Base URLs: which are accepted, in which spelling they are kept, and whether one leads back to ourselves."""

import ipaddress
import re
from collections.abc import Iterable
from typing import Final
from urllib.parse import SplitResult, urlsplit

URL_CHARS_MAX: Final = 2048
_NAME = re.compile(r"(?!-)[A-Za-z0-9_-]{1,63}(?:\.(?!-)[A-Za-z0-9_-]{1,63}){0,32}\.?")
_AUTHORITY = re.compile(r"(?:\[[0-9A-Fa-f:.]+\]|[^:\[\]@]+)(?::[0-9]+)?")
_PLAIN = re.compile(r"[\x21-\x7e]+")


def base_url(text: str) -> str | None:
    """*text* as a base URL without its last slash; None when it is none (user, password, query, fragment: none)."""
    parts = split_url(text)
    if parts is None or parts.query or parts.fragment or "?" in text or "#" in text:
        return None
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}"


def origin(text: str) -> str | None:
    """*text* as an origin (RFC 6454), such as a browser sends: scheme, host, port, nothing behind them."""
    if text in {"*", "null"}:
        return text
    url = base_url(text)
    return None if url is None or url.count("/") > 2 or text.endswith("/") else url.lower()


def split_url(text: str) -> SplitResult | None:
    if len(text) > URL_CHARS_MAX or not _PLAIN.fullmatch(text) or "\\" in text:
        return None
    try:
        parts = urlsplit(text)
        port, host = parts.port, parts.hostname
    except ValueError:
        return None
    if parts.scheme not in {"http", "https"} or not host or not _AUTHORITY.fullmatch(parts.netloc) or port == 0:
        return None
    return parts if is_host(host) else None


def is_host(text: str) -> bool:
    return _NAME.fullmatch(text) is not None or is_address(text)


def is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def sends_in_clear(url: str) -> bool:
    """Whether what is sent to *url* crosses a network unencrypted."""
    parts = split_url(url)
    return parts is not None and parts.scheme == "http" and not _is_loopback(parts.hostname or "")


def leads_to_us(url: str, listeners: Iterable[tuple[str, int]]) -> bool:
    """Whether a base URL is one of our own *listeners* (address, port), by any name of this machine's loopback."""
    parts = split_url(url)
    if parts is None:
        return False
    host = (parts.hostname or "").rstrip(".")
    port = parts.port or (443 if parts.scheme == "https" else 80)
    return any(port == ours and _same_host(host, address) for address, ours in listeners)


def _same_host(host: str, listener: str) -> bool:
    if host == listener.lower():
        return True
    here = _is_loopback(host) or _is_everywhere(host)
    return here and (_is_loopback(listener) or _is_everywhere(listener))


def _is_loopback(host: str) -> bool:
    if host.lower() == "localhost" or host.lower().endswith(".localhost"):  # RFC 6761, 6.3
        return True
    return is_address(host) and ipaddress.ip_address(host).is_loopback


def _is_everywhere(host: str) -> bool:
    return is_address(host) and ipaddress.ip_address(host).is_unspecified
