"""HTTP_PROXY and its like: written as elsewhere, read strictly, their credentials never shown."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hrd.settings import Problems, Settings, read_settings
from hrd.settings.kinds import REJECTED
from hrd.settings.proxies import Hosts, Proxy, ProxyUrl

PASSWORD = "test-not-a-password-1"


def read(environ: dict[str, str], dotenv: str = "", toml: str = "") -> Settings:
    found = read_settings(environ, dotenv, toml)
    assert isinstance(found, Settings), str(found)
    return found


def refused(environ: dict[str, str], dotenv: str = "") -> str:
    found = read_settings(environ, dotenv, None)
    assert isinstance(found, Problems)
    return str(found)


@pytest.mark.parametrize(
    ("text", "host", "port", "credentials"),
    [
        ("http://proxy.example:3128", "proxy.example", 3128, None),
        ("http://proxy.example:3128/", "proxy.example", 3128, None),
        ("http://proxy.example", "proxy.example", 80, None),
        ("proxy.example:3128", "proxy.example", 3128, None),
        ("HTTP://10.0.0.1:8080", "10.0.0.1", 8080, None),
        ("http://[fd00::1]:8080", "fd00::1", 8080, None),
        ("http://me:pass@proxy.example:3128", "proxy.example", 3128, "me:pass"),
        ("http://me:p%40ss%3A%2F@proxy.example:3128", "proxy.example", 3128, "me:p@ss:/"),
        ("http://me@proxy.example:3128", "proxy.example", 3128, "me:"),
    ],
)
def test_a_proxy_is_read_from_a_url(text: str, host: str, port: int, credentials: str | None) -> None:
    proxy = ProxyUrl().parse(text)
    assert isinstance(proxy, Proxy)
    assert (proxy.host, proxy.port, proxy.scheme) == (host, port, "http")
    assert (proxy.credentials and proxy.credentials.reveal()) == credentials


@pytest.mark.parametrize(
    "text",
    [
        "http://",
        "http://:3128",
        "http://proxy.example:0",
        "http://proxy.example:65536",
        "http://proxy.example:port",
        "http://proxy.example/path",
        "http://proxy.example?a=b",
        "http://proxy.example#a",
        "http://two words:3128",
        "http://proxy\\example:3128",
        "http://pröxy.example:3128",
        "http://proxy..example:3128",
    ],
)
def test_what_is_no_proxy_is_refused(text: str) -> None:
    assert ProxyUrl().parse(text) is REJECTED


def test_a_proxys_name_holds_no_credentials() -> None:
    proxy = ProxyUrl().parse(f"http://me:{PASSWORD}@[fd00::1]:3128")
    assert isinstance(proxy, Proxy)
    assert proxy.name == "[fd00::1]:3128"
    assert PASSWORD not in repr(proxy)
    basic = base64.b64encode(f"me:{PASSWORD}".encode()).decode()
    assert [secret.reveal() for secret in proxy.secrets()] == [f"me:{PASSWORD}", PASSWORD, basic]


def test_credentials_are_not_shown_when_the_url_is_wrong() -> None:
    said = refused({"HTTPS_PROXY": f"http://me:{PASSWORD}@proxy.example/path"})
    assert said.startswith("HTTPS_PROXY = (not shown) (environment): a proxy such as http://host:3128")
    assert PASSWORD not in said


def test_a_proxy_that_is_not_spoken_to_is_refused_rather_than_passed_by() -> None:
    """Somebody who says that everything goes through a proxy does not want it to go elsewhere."""
    said = refused({"ALL_PROXY": f"socks5h://me:{PASSWORD}@127.0.0.1:1080"})
    assert said.startswith("ALL_PROXY = socks5h://… (environment): a proxy such as http://host:3128")
    assert PASSWORD not in said
    assert "HTTPS_PROXY = https://…" in refused({"HTTPS_PROXY": "https://proxy.example"})
    assert "ALL_PROXY = socks5://…" in refused({"ALL_PROXY": "socks5://127.0.0.1:1080", "HTTP_PROXY": "http://127.0.0.1:1"})


def test_one_that_nobody_needs_does_no_harm() -> None:
    """As desktops set them: one for each scheme, and socks for everything else."""
    settings = read(
        {
            "http_proxy": "http://127.0.0.1:7890",
            "https_proxy": "http://127.0.0.1:7890",
            "all_proxy": "socks5://127.0.0.1:7891",
        }
    )
    assert settings.http_proxy == settings.https_proxy == Proxy(host="127.0.0.1", port=7890)


def test_either_spelling_counts_and_the_lower_case_one_first() -> None:
    settings = read({"HTTPS_PROXY": "http://upper:1", "https_proxy": "http://lower:2", "HTTP_PROXY": "http://upper:3"})
    assert settings.https_proxy == Proxy(host="lower", port=2)
    assert settings.http_proxy == Proxy(host="upper", port=3)


def test_every_layer_takes_them_and_an_empty_value_is_none() -> None:
    dotenv = "https_proxy=http://from-dotenv:1\nHTTP_PROXY=http://from-dotenv:2\n"
    settings = read({"https_proxy": ""}, dotenv, '[settings]\nno_proxy = "internal"\n')
    assert settings.https_proxy is None
    assert settings.http_proxy == Proxy(host="from-dotenv", port=2)
    assert settings.no_proxy == ("internal",)
    assert settings.warnings == ()
    assert settings.source_of("HTTP_PROXY") == ".env"


def test_no_proxy_is_a_list_with_commas_or_blanks() -> None:
    assert Hosts().parse("localhost, .Example.com 10.0.0.0/8,,[::1]:80") == (
        "localhost",
        ".example.com",
        "10.0.0.0/8",
        "[::1]:80",
    )
    assert Hosts().parse("a\x07") is REJECTED
    assert Hosts().parse(",".join(f"h{n}" for n in range(1001))) is REJECTED


@given(st.text(max_size=60))
def test_any_text_is_a_proxy_or_none(text: str) -> None:
    found = ProxyUrl().parse(f"http://{text}")
    assert found is REJECTED or isinstance(found, Proxy)
