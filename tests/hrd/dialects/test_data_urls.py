"""data: URLs."""

import pytest

from hrd.dialects.data_urls import data_url, split_data_url


@pytest.mark.parametrize(
    ("url", "split"),
    [
        ("data:image/png;base64,AAAA", ("image/png", "AAAA")),
        ("DATA:image/png;BASE64,AAAA", ("image/png", "AAAA")),
        ("data:text/plain;charset=utf-8;base64,AAAA", ("text/plain", "AAAA")),
        ("data:;base64,AAAA", ("", "AAAA")),
        ("data:text/plain,hello", ("", "")),
        ("data:image/png;base64", ("", "")),
        ("https://example.org/data:image/png;base64,AAAA", ("", "")),
        ("", ("", "")),
    ],
)
def test_media_type_and_data(url: str, split: tuple[str, str]) -> None:
    assert split_data_url(url) == split


def test_there_and_back() -> None:
    assert split_data_url(data_url("image/webp", "QUJD")) == ("image/webp", "QUJD")
