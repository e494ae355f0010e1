"""Who is asked by way of whom, and that this machine is never asked by way of anybody."""

import pytest

from hrd.settings import Settings, read_settings
from hrd.settings.proxies import Proxy, ProxyUrl
from hrd.upstream.proxies import Proxies, authorization, connect_request, is_here, proxies_of

FOR_HTTP = Proxy(host="plain.proxy", port=1)
FOR_HTTPS = Proxy(host="secure.proxy", port=2)
BOTH = Proxies(http=FOR_HTTP, https=FOR_HTTPS)


def with_credentials(text: str) -> Proxy:
    proxy = ProxyUrl().parse(text)
    assert isinstance(proxy, Proxy)
    return proxy


def of(**environ: str) -> Proxies:
    settings = read_settings(environ, None, None)
    assert isinstance(settings, Settings), settings
    return proxies_of(settings)


def test_each_scheme_has_its_own() -> None:
    assert BOTH.between(is_tls=True, host="api.example", port=443) is FOR_HTTPS
    assert BOTH.between(is_tls=False, host="api.example", port=80) is FOR_HTTP
    assert Proxies(https=FOR_HTTPS).between(is_tls=False, host="api.example", port=80) is None


def test_all_proxy_stands_in_where_nothing_else_is_set() -> None:
    found = of(ALL_PROXY="http://every:3", HTTPS_PROXY="http://secure.proxy:2")
    assert (found.http, found.https) == (Proxy(host="every", port=3), FOR_HTTPS)
    assert of() == Proxies()
    ignored = of(ALL_PROXY="socks5://every:3", HTTPS_PROXY="http://secure.proxy:2", HTTP_PROXY="http://plain.proxy:1")
    assert (ignored.http, ignored.https) == (FOR_HTTP, FOR_HTTPS)


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "LOCALHOST",
        "localhost.",
        "ollama.localhost",
        "127.0.0.1",
        "127.8.9.10",
        "127.1",
        "2130706433",
        "0x7f.1",
        "0.0.0.0",
        "0",
        "::1",
        "::",
        "::ffff:127.0.0.1",
    ],
)
def test_this_machine_is_asked_by_way_of_nobody(host: str) -> None:
    assert is_here(host)
    assert BOTH.between(is_tls=False, host=host, port=11434) is None
    assert BOTH.between(is_tls=True, host=host, port=443) is None


@pytest.mark.parametrize("host", ["localhost.example.com", "mylocalhost", "128.0.0.1", "10.0.0.1", "::2", "127.0.0.1.nip.io"])
def test_others_are_not_this_machine(host: str) -> None:
    assert not is_here(host)
    assert BOTH.between(is_tls=True, host=host, port=443) is FOR_HTTPS


@pytest.mark.parametrize(
    ("exempt", "host", "port", "goes_direct"),
    [
        ("*", "api.example.com", 443, True),
        ("example.com", "example.com", 443, True),
        ("example.com", "api.example.com", 443, True),
        (".example.com", "api.example.com", 443, True),
        (".example.com", "example.com", 443, True),
        ("*.example.com", "api.example.com", 443, True),
        ("Example.COM", "API.example.com.", 443, True),
        ("example.com", "notexample.com", 443, False),
        ("example.com", "example.com.evil.test", 443, False),
        ("example.com:8443", "example.com", 8443, True),
        ("example.com:8443", "example.com", 443, False),
        ("10.0.0.0/8", "10.1.2.3", 443, True),
        ("10.0.0.0/8", "11.1.2.3", 443, False),
        ("10.1.2.3", "10.1.2.3", 443, True),
        ("10.1.2.3:80", "10.1.2.3", 443, False),
        ("fd00::/8", "fd00::7", 443, True),
        ("[fd00::7]", "fd00::7", 443, True),
        ("[fd00::7]:80", "fd00::7", 443, False),
        ("fd00::7", "fd00::7", 443, True),
        ("10.0.0.0/8", "ten.example", 443, False),
        ("0.0.1", "10.0.0.1", 443, False),
        ("nonsense/99,%%", "api.example.com", 443, False),
        (".", "api.example.com", 443, False),
    ],
)
def test_whom_no_proxy_means(exempt: str, host: str, port: int, goes_direct: bool) -> None:
    found = of(HTTPS_PROXY="http://secure.proxy:2", NO_PROXY=exempt).between(is_tls=True, host=host, port=port)
    assert (found is None) == goes_direct


def test_what_is_said_to_a_proxy() -> None:
    assert connect_request(FOR_HTTPS, "api.example", 443) == (
        b"CONNECT api.example:443 HTTP/1.1\r\nhost: api.example:443\r\n\r\n"
    )
    named = with_credentials("http://Aladdin:open%20sesame@secure.proxy:2")
    assert connect_request(named, "fd00::1", 8443) == (
        b"CONNECT [fd00::1]:8443 HTTP/1.1\r\nhost: [fd00::1]:8443\r\n"
        b"proxy-authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n\r\n"
    )
    assert authorization(FOR_HTTP) == {}
