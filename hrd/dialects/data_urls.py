"""data: URLs, in which OpenAI's formats carry pictures and files (RFC 2397).

A file that is a text is read as one: that is taken everywhere, and files of its kind hardly anywhere.
"""

import base64
import binascii
from typing import Final
from urllib.parse import unquote

import msgspec

from hrd.core.conversation import ABSENT, Document

_SCHEME: Final = "data:"
_BASE64: Final = ";base64"
_HEAD_BYTES: Final = 80
_TEXTS: Final = ("text/", "application/json", "application/xml", "application/yaml", "application/toml")


def split_data_url(url: str) -> tuple[str, str]:
    """Media type and base64 data of a data URL; two empty strings for any other."""
    if url[: len(_SCHEME)].lower() != _SCHEME:
        return "", ""
    head, comma, data = url[len(_SCHEME) :].partition(",")
    if not comma or not head.lower().endswith(_BASE64):
        return "", ""
    return head[: -len(_BASE64)].partition(";")[0], data


def data_url(media_type: str, data: str) -> str:
    """The data URL of base64 *data*."""
    return f"{_SCHEME}{media_type}{_BASE64},{data}"


def document_of(file_data: str, title: str = "", cache_control: msgspec.Raw = ABSENT) -> Document:
    """The file that *file_data* spells, or says the address of."""
    media_type, data = split_data_url(file_data)
    text = text_of_file(media_type, data)
    if not data and file_data[: len(_SCHEME)].lower() == _SCHEME:
        head, _, spelled = file_data[len(_SCHEME) :].partition(",")
        media_type = head.partition(";")[0]
        text = unquote(spelled) if _is_text(media_type) else ""
    if text:
        return Document(media_type=media_type, text=text, title=title, cache_control=cache_control)
    url = "" if data else file_data
    return Document(media_type=media_type, data=data, url=url, title=title, cache_control=cache_control)


def text_of_file(media_type: str, data: str) -> str:
    """The text that base64 *data* holds, if it is one by its *media_type*; else empty."""
    if not _is_text(media_type):
        return ""
    try:
        return base64.b64decode(data).decode()
    except (binascii.Error, UnicodeDecodeError):
        return ""


def is_text_file(file_data: msgspec.Raw) -> bool:
    """Whether a member *file_data*, as spelled, says of itself that it is a text."""
    head = memoryview(file_data)[:_HEAD_BYTES].tobytes().decode("utf-8", "replace").lower()
    return head.startswith(f'"{_SCHEME}') and _is_text(head[len(_SCHEME) + 1 :])


def _is_text(media_type: str) -> bool:
    return media_type.lower().startswith(_TEXTS)
