"""Base URLs are taken in one spelling, and what leads back to ourselves is seen."""

import pytest

from hrd.settings.urls import base_url, leads_to_us, origin, sends_in_clear


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("https://api.groq.com/openai/v1", "https://api.groq.com/openai/v1"),
        ("https://api.groq.com/openai/v1/", "https://api.groq.com/openai/v1"),
        ("HTTPS://host", "https://host"),
        ("http://127.0.0.1:11434/v1//", "http://127.0.0.1:11434/v1"),
        ("http://[::1]:8319", "http://[::1]:8319"),
        ("http://my_box.lan.:80/", "http://my_box.lan.:80"),
    ],
)
def test_a_base_url_is_kept_without_its_last_slash(text: str, kept: str) -> None:
    assert base_url(text) == kept


NO_HOST = (
    "host host:80/v1 //host ftp://host file:///etc https:// https:///v1 https://:80 javascript:1 http://-h http://h..x http://é"
)
NO_PORT = (
    "http://h:x http://h:0 http://h:65536 http://h:-1 http://h: http://[::1 http://[zz] http://[::1]x http://h%20x http://h\\x"
)
TOO_MUCH = "http://u@h http://u:p@h http://h/?a http://h/? http://h# http://h#f"


@pytest.mark.parametrize("text", [*NO_HOST.split(), *NO_PORT.split(), *TOO_MUCH.split()])
def test_what_is_no_base_url(text: str) -> None:
    assert base_url(text) is None


@pytest.mark.parametrize(
    "text", ["", "http://h h", "http://h/a b", "http://h\n", "http://h/\x00", "http://" + "a" * 64, "http://h/" + "a" * 2048]
)
def test_what_is_no_url_at_all(text: str) -> None:
    assert base_url(text) is None


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("*", "*"),
        ("null", "null"),
        ("http://LocalHost:3000", "http://localhost:3000"),
        ("http://h/", None),
        ("http://h/a", None),
        ("h", None),
    ],
)
def test_an_origin_ends_with_its_port(text: str, kept: str | None) -> None:
    assert origin(text) == kept


@pytest.mark.parametrize(
    ("url", "is_clear"),
    [
        ("https://host/v1", False),
        ("http://host/v1", True),
        ("http://10.0.0.1/v1", True),
        ("http://localhost:1/v1", False),
        ("http://a.localhost/v1", False),
        ("http://127.5.0.1/v1", False),
        ("http://[::1]/v1", False),
    ],
)
def test_plain_http_is_only_private_on_this_machine(url: str, is_clear: bool) -> None:
    assert sends_in_clear(url) is is_clear


LOOPBACK, EVERYWHERE, LAN = ("127.0.0.1", 8319), ("0.0.0.0", 8319), ("192.168.1.5", 8319)


@pytest.mark.parametrize(
    ("url", "listener", "is_us"),
    [
        ("http://127.0.0.1:8319/v1", LOOPBACK, True),
        ("http://localhost:8319", LOOPBACK, True),
        ("http://LOCALHOST:8319", LOOPBACK, True),
        ("http://localhost.:8319", LOOPBACK, True),
        ("http://[::1]:8319", LOOPBACK, True),
        ("http://127.0.0.2:8319", LOOPBACK, True),
        ("http://0.0.0.0:8319", LOOPBACK, True),
        ("http://127.0.0.1:8320", LOOPBACK, False),
        ("https://api.openai.com/v1", LOOPBACK, False),
        ("http://localhost:8319", EVERYWHERE, True),
        ("http://192.168.1.5:8319", LAN, True),
        ("http://localhost:8319", LAN, False),
        ("http://localhost/v1", ("127.0.0.1", 80), True),
        ("https://localhost/v1", ("127.0.0.1", 443), True),
        ("nonsense", LOOPBACK, False),
    ],
)
def test_a_url_that_is_one_of_our_listeners(url: str, listener: tuple[str, int], is_us: bool) -> None:
    assert leads_to_us(url, [("::", 1), listener]) is is_us
