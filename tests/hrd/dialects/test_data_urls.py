"""data: URLs."""

import msgspec
import pytest

from hrd.core.conversation import Document
from hrd.dialects.data_urls import data_url, document_of, is_text_file, split_data_url


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


@pytest.mark.parametrize(
    ("file_data", "document"),
    [
        ("data:text/csv;base64,YSxiCg==", Document(media_type="text/csv", text="a,b\n", title="t")),
        (
            "data:application/json;charset=utf-8;base64,eyJhIjoxfQ==",
            Document(media_type="application/json", text='{"a":1}', title="t"),
        ),
        ("data:text/plain,so%20be%20it", Document(media_type="text/plain", text="so be it", title="t")),
        ("data:text/plain;base64,/w==", Document(media_type="text/plain", data="/w==", title="t")),
        ("data:application/pdf;base64,JVBE", Document(media_type="application/pdf", data="JVBE", title="t")),
        ("https://example.org/a.pdf", Document(url="https://example.org/a.pdf", title="t")),
    ],
)
def test_files_that_are_text_are_read_as_such(file_data: str, document: Document) -> None:
    assert document_of(file_data, "t") == document


@pytest.mark.parametrize(
    ("file_data", "is_text"),
    [
        ("data:text/markdown;base64,QQ==", True),
        ("DATA:application/json;base64,QQ==", True),
        ("data:application/pdf;base64," + "Q" * 100_000, False),
        ("https://example.org/text/plain", False),
        (None, False),
    ],
)
def test_what_is_told_of_a_file_by_its_beginning(file_data: str | None, is_text: bool) -> None:
    assert is_text_file(msgspec.Raw(msgspec.json.encode(file_data))) is is_text
