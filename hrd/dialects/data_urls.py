"""data: URLs, in which OpenAI's formats carry pictures and files (RFC 2397)."""

_SCHEME = "data:"
_BASE64 = ";base64"


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
