"""Every kind of value takes what it says, and nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hrd.settings import kinds
from hrd.settings.kinds import REJECTED, Kind, Rejected, listed

WHOLE, DECIMAL, FLAG = kinds.Whole(0, 65535), kinds.Decimal(0.1, 300), kinds.Flag()
CHOICE = kinds.Choice(("parallel", "sequential"), {"round-robin": "parallel"})


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (WHOLE, "8319", 8319),
        (WHOLE, "0", 0),
        (WHOLE, "007", 7),
        (DECIMAL, "5", 5.0),
        (DECIMAL, "0.25", 0.25),
        (DECIMAL, ".5", 0.5),
        (DECIMAL, "5.", 5.0),
        (FLAG, "1", True),
        (FLAG, "True", True),
        (FLAG, "off", False),
        (CHOICE, "Parallel", "parallel"),
        (CHOICE, "round-robin", "parallel"),
        (CHOICE, "ROUND_ROBIN", "parallel"),
        (kinds.Line(20), "My app, 2", "My app, 2"),
        (kinds.Host(), "localhost", "localhost"),
        (kinds.Host(), "0.0.0.0", "0.0.0.0"),
        (kinds.Host(), "[::1]", "::1"),
        (kinds.Group(), "hermes-users", "hermes-users"),
        (kinds.Group(), "1000", "1000"),
        (kinds.BaseUrl(), "http://h/v1/", "http://h/v1"),
        (kinds.BaseUrl("/v1"), "http://h", "http://h/v1"),
        (kinds.BaseUrl("/v1"), "http://h/v1/", "http://h/v1"),
        (kinds.BaseUrl("/v1"), "http://gateway/anthropic", "http://gateway/anthropic/v1"),
        (kinds.Model(), "openai/gpt-oss-120b:free", "openai/gpt-oss-120b:free"),
        (kinds.Models(), " a, b ,,a,c", ("a", "b", "c")),
        (kinds.ModelsOfProviders(), "mistral/mistral-embed,google/x/y", (("mistral", "mistral-embed"), ("gemini", "x/y"))),
        (kinds.Origins(), "http://localhost:3000,*", ("http://localhost:3000", "*")),
        (kinds.Ports(), "1455, 1457,0", (1455, 1457, 0)),
        (kinds.FilePath(), "prices of mine.json", "prices of mine.json"),
    ],
)
def test_what_is_accepted_becomes_a_value(kind: Kind, text: str, value: object) -> None:
    parsed = kind.parse(text)
    assert parsed == value
    assert type(parsed) is type(value)


@pytest.mark.parametrize(
    ("kind", "texts"),
    [
        (WHOLE, ["", "-1", "65536", "1.0", "1e3", "0x10", "1_000", " 1", "٣", "true", "9" * 5000, "+1", "1\n"]),
        (DECIMAL, ["", "0", "301", "nan", "inf", "-1", "1e2", "1,5", "½", ".", "5s", "9" * 400, "1_0.0"]),
        (FLAG, ["", "2", "maybe", "y", "-1", "enabled"]),
        (CHOICE, ["", "random", "parallel,sequential", "par"]),
        (kinds.Line(20), ["a\nb", "a\r\nX: y", "é", "a" * 21, "\x7f", "\udc80"]),
        (kinds.Host(), ["", "a b", "http://h", "h:80", "8319", "-h", "[::1", "a/b", "é", "h\0", "*", "256.0.0.1:1", "h" * 64]),
        (kinds.Group(), ["", "a b", "-x", "a:b", "x" * 40, "é", "a\n"]),
        (kinds.BaseUrl(), ["", "h", "ftp://h", "http://u:p@h", "http://h?x"]),
        (kinds.Model(), ["", "a b", "a,b", "a\tb", "a\nb", "x" * 201, "\udc80", "a\0"]),
        (kinds.Models(), ["a b", "a\x7f", "x" * 201, ",".join(map(str, range(1001)))]),
        (kinds.ModelsOfProviders(), ["mistral", "mistral/", "/x", "nobody/x", "mistral/a b", "x"]),
        (kinds.Ports(), ["x", "65536", "-1", "1,x", "1.5", "1,2,3,4,5,6,7,8,9"]),
        (kinds.Origins(), ["h", "http://h/path", "http://h/", "*.com", "http://u@h", "http://a,b"]),
        (kinds.FilePath(), ["a\0b", "a\nb", "x" * 4097]),
    ],
)
def test_what_is_not_accepted_is_rejected(kind: Kind, texts: list[str]) -> None:
    assert {text: kind.parse(text) for text in texts} == dict.fromkeys(texts, REJECTED)
    assert kind.accepted


@given(
    st.text(),
    st.sampled_from([WHOLE, DECIMAL, FLAG, CHOICE, kinds.Host(), kinds.BaseUrl("/v1"), kinds.Models(), kinds.Origins()]),
)
def test_no_text_is_an_exception_and_what_is_taken_is_taken_again(text: str, kind: Kind) -> None:
    value = kind.parse(text)
    if isinstance(value, str) and not isinstance(value, Rejected):
        assert kind.parse(value) == value


def test_a_comma_list_keeps_its_order_and_each_item_once() -> None:
    assert listed("b, a,,b ,") == ("b", "a")
    assert listed(" , ") == ()
