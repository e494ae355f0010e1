"""The model list in the shape of who asks. Pure.

| who | how they are known | shape |
|---|---|---|
| OpenAI's clients, and all others | | `data`, each with `object: model` |
| Anthropic's | `anthropic-version` | `data`, each with `type: model`; by `limit`, `after_id` and `before_id` a page of it |
| Codex | `?client_version=` | OpenAI's, and beside it `models` by slug |

References: https://platform.openai.com/docs/api-reference/models, https://docs.anthropic.com/en/api/models-list, Codex's own
sources.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import parse_qs

import msgspec

from hrd.http.messages import RequestHead
from hrd.model_list import ListedModel, ModelList

_EFFORTS: Final = ("low", "medium", "high")
_PAGE_MAX: Final = 1000
"""As many as Anthropic gives at once. Who names no `limit` gets all, where Anthropic gives 20: few clients turn pages."""


def shape_list(listed: ModelList, head: RequestHead) -> object:
    """*listed* for whoever sent *head*."""
    if is_anthropic(head):
        page, has_more = _page(listed.data, head.query)
        first, last = (page[0].id, page[-1].id) if page else (None, None)
        return {"data": [_anthropic(one) for one in page], "has_more": has_more, "first_id": first, "last_id": last}
    if "client_version=" in head.query:
        models = [_codex(one, place) for place, one in enumerate(listed.data)]
        return {"object": listed.object, "data": listed.data, "models": models}
    return listed


def shape_one(listed: ListedModel, head: RequestHead) -> object:
    """One entry for whoever sent *head*."""
    return _anthropic(listed) if is_anthropic(head) else listed


def is_anthropic(head: RequestHead) -> bool:
    """Whether a client of Anthropic's asks: all of them name the version of the interface."""
    return b"anthropic-version" in head.headers


def _page(listed: Sequence[ListedModel], query: str) -> tuple[Sequence[ListedModel], bool]:
    """What *query* asks for, and whether there is more in its direction. Behind, or before, a name that is not listed there is
    nothing: who turns pages comes to an end."""
    asked = {name: values[-1] for name, values in parse_qs(query).items()}
    said = asked.get("limit", "")
    limit = min(max(int(said), 1), _PAGE_MAX) if said.isascii() and said.isdecimal() and len(said) < 10 else len(listed)
    ids = [one.id for one in listed]
    if (before := asked.get("before_id")) is not None:
        rest = listed[: ids.index(before)] if before in ids else ()
        return rest[-limit:], len(rest) > limit
    after = asked.get("after_id")
    rest = listed if after is None else listed[ids.index(after) + 1 :] if after in ids else ()
    return rest[:limit], len(rest) > limit


def _anthropic(one: ListedModel) -> dict[str, Any]:
    created = datetime.fromtimestamp(one.created, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    shaped: dict[str, Any] = {"type": "model", "id": one.id, "display_name": one.id, "created_at": created}
    if one.context_length is not msgspec.UNSET:
        shaped["max_input_tokens"] = one.context_length
    return shaped


def _codex(one: ListedModel, place: int) -> dict[str, Any]:
    shaped: dict[str, Any] = {
        "slug": one.id,
        "display_name": one.id,
        "description": f"By way of {one.owned_by}.",
        "supported_reasoning_levels": [{"effort": effort, "description": effort} for effort in _EFFORTS],
        "default_reasoning_level": "medium",
        "visibility": "list",
        "supported_in_api": True,
        "priority": place,
    }
    if one.context_length is not msgspec.UNSET:
        shaped["context_window"] = one.context_length
    return shaped
