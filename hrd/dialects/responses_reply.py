"""What stands in response objects and their items, read out of JSON that anybody may have written."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from hrd.core.journal import Usage, UsageSource
from hrd.core.reply_events import Cited
from hrd.dialects.fields import COUNT_MAX
from hrd.dialects.openai_errors import error_object

_ANY: Final = msgspec.json.Decoder()


def error_of(reply: Mapping[str, Any]) -> dict[str, Any] | None:
    """The error object in a reply or a response object, if there is one; also FastAPI's `detail`, which Codex has."""
    error = error_object(reply.get("error"))
    if error is None and reply.get("object") != "response":
        error = error_object(reply.get("detail"))
    if error is None and reply.get("status") in ("failed", "cancelled"):
        return {"message": f"The provider calls its reply {reply['status']}."}
    return error


def read_usage(stated: object) -> Usage | None:
    """The usage of a response object, if it says any."""
    if not isinstance(stated, dict):
        return None
    given, produced = _count(stated.get("input_tokens")), _count(stated.get("output_tokens"))
    if given is None and produced is None:
        return None
    into, out = stated.get("input_tokens_details"), stated.get("output_tokens_details")
    return Usage(
        input_tokens=given or 0,
        output_tokens=produced or 0,
        cached_tokens=_count(into.get("cached_tokens") if isinstance(into, dict) else None) or 0,
        cache_write_tokens=_count(into.get("cache_write_tokens") if isinstance(into, dict) else None) or 0,
        reasoning_tokens=_count(out.get("reasoning_tokens") if isinstance(out, dict) else None) or 0,
        source=UsageSource.KNOWN,
    )


def _count(value: object) -> int | None:
    return max(0, min(value, COUNT_MAX)) if isinstance(value, int) and not isinstance(value, bool) else None


def citation(annotation: object) -> Cited | None:
    if not isinstance(annotation, dict) or not isinstance(annotation.get("url"), str):
        return None
    return Cited(
        url=annotation["url"],
        title=text_in(annotation, "title"),
        start=_count(annotation.get("start_index")),
        end=_count(annotation.get("end_index")),
    )


def index_of(value: object) -> int:
    return value if isinstance(value, int) else 0


def object_in(raw: msgspec.Raw) -> dict[str, Any]:
    try:
        value = _ANY.decode(raw) if raw else None
    except (ValueError, RecursionError):
        value = None
    return value if isinstance(value, dict) else {}


def objects_in(value: object) -> list[dict[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def text_in(item: Mapping[str, Any], name: str) -> str:
    value = item.get(name)
    return value if isinstance(value, str) else ""
