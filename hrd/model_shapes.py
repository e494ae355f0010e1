"""The model list in the shape of who asks. Pure.

| who | how they are known | shape |
|---|---|---|
| OpenAI's clients, and all others | | `data`, each with `object: model` |
| Anthropic's | `anthropic-version` | `data`, each with `type: model`, and pages, of which there is one |
| Codex | `?client_version=` | OpenAI's, and beside it `models` by slug |

References: https://platform.openai.com/docs/api-reference/models, https://docs.anthropic.com/en/api/models-list, Codex's own
sources.
"""

from datetime import UTC, datetime
from typing import Any

import msgspec

from hrd.http.messages import RequestHead
from hrd.model_list import ListedModel, ModelList

_EFFORTS = ("low", "medium", "high")


def shape_list(listed: ModelList, head: RequestHead) -> object:
    """*listed* for whoever sent *head*."""
    if is_anthropic(head):
        data = [_anthropic(one) for one in listed.data]
        first, last = (data[0]["id"], data[-1]["id"]) if data else (None, None)
        return {"data": data, "has_more": False, "first_id": first, "last_id": last}
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
