"""A Messages request, spelled for one model, as another takes it: thinking, effort, sampling, system messages, prefill."""

from typing import Any, Final

import msgspec

from hrd.dialects.anthropic_models import BUDGET_MIN, BUDGETS, Family
from hrd.dialects.contract import Fields
from hrd.dialects.fields import count_of

_SAMPLING: Final = ("temperature", "top_p", "top_k")
_MESSAGES = msgspec.json.Decoder(list[dict[str, msgspec.Raw]])
_OBJECT = msgspec.json.Decoder(dict[str, Any])
_CONTENT = msgspec.json.Decoder(str | list[msgspec.Raw] | None)
_SYSTEM: Final = b'"system"'
_ASSISTANT: Final = b'"assistant"'
_GO_ON: Final = {"role": msgspec.Raw(b'"user"'), "content": msgspec.Raw(b'"Go on exactly where you stopped."')}


def fit(fields: Fields, family: Family) -> list[str]:
    """Change *fields* to what *family* takes, and say what was changed. What cannot be read is the provider's to refuse."""
    notes: list[str] = []
    for change in (_fit_thinking, _fit_config, _fit_sampling, _fit_messages):
        try:
            notes += change(fields, family)
        except (ValueError, KeyError, TypeError, RecursionError):
            pass
    return notes


def keep_within(fields: Fields, max_tokens: int) -> list[str]:
    """Make a budget of thinking smaller that a new output limit of *max_tokens* leaves no room for."""
    try:
        thinking = _OBJECT.decode(fields["thinking"]) if "thinking" in fields else {}
        if thinking.get("type") != "enabled" or thinking["budget_tokens"] < max_tokens:
            return []
    except (ValueError, KeyError, TypeError, RecursionError):
        return []
    budget = max_tokens // 2
    if budget < BUDGET_MIN:
        _switch_off(fields)
        return [f"thinking left out: max_tokens of {max_tokens} leaves no room for a budget"]
    fields["thinking"] = _spell(thinking | {"budget_tokens": budget})
    return [f"budget of thinking lowered to {budget}"]


def _switch_off(fields: Fields) -> None:
    """Take thinking out, with the edits of it, which are refused without any."""
    del fields["thinking"]
    fields.pop("context_management", None)


def _fit_thinking(fields: Fields, family: Family) -> list[str]:
    if "thinking" not in fields:
        return []
    thinking = _OBJECT.decode(fields["thinking"])
    kind = thinking.get("type")
    if not family.thinks:
        _switch_off(fields)
        return ["thinking left out: the model has none"]
    if kind == "enabled" and family.is_adaptive:
        fields["thinking"] = _spell({"type": "adaptive"})
        return ["thinking by a budget sent as adaptive"]
    if kind != "adaptive" or family.is_adaptive:
        return []
    budget = min(BUDGETS[_effort(fields) or "medium"], (count_of(fields, "max_tokens") or 0) // 2)
    if budget < BUDGET_MIN:
        _switch_off(fields)
        return ["adaptive thinking left out: max_tokens leaves no room for a budget"]
    fields["thinking"] = _spell({"type": "enabled", "budget_tokens": budget})
    left_out = [name for name in ("temperature", "top_k") if fields.pop(name, None) is not None]
    return [f"adaptive thinking sent as a budget of {budget}", *(f"{name} left out" for name in left_out)]


def _fit_config(fields: Fields, family: Family) -> list[str]:
    if "output_config" not in fields:
        return []
    config, notes = _OBJECT.decode(fields["output_config"]), []
    if config.get("effort"):
        wanted = config.pop("effort")
        if not family.efforts:
            notes.append("output_config.effort left out")
        else:
            config["effort"] = family.effort(wanted)
            notes += [f"effort {wanted} sent as {config['effort']}"] if config["effort"] != wanted else []
    if config.get("format") and not family.has_formats:
        del config["format"]
        notes.append("output_config.format left out")
    if config:
        fields["output_config"] = _spell(config)
    else:
        del fields["output_config"]
    return notes


def _fit_sampling(fields: Fields, family: Family) -> list[str]:
    unwanted: tuple[str, ...] = ()
    if not family.samples:
        unwanted = _SAMPLING
    elif not family.samples_by_both and "temperature" in fields:
        unwanted = ("top_p",)
    return [f"{name} left out" for name in unwanted if fields.pop(name, None) is not None]


def _fit_messages(fields: Fields, family: Family) -> list[str]:
    messages, notes = _MESSAGES.decode(fields["messages"]), []
    if not family.mid_system and any(bytes(message["role"]) == _SYSTEM for message in messages):
        said = [block for message in messages if bytes(message["role"]) == _SYSTEM for block in _blocks(message.get("content"))]
        fields["system"] = _spell([*_blocks(fields.get("system")), *said])
        messages = [message for message in messages if bytes(message["role"]) != _SYSTEM]
        notes.append("role system between messages moved to the front")
    if not family.prefills and messages and bytes(messages[-1]["role"]) == _ASSISTANT:
        messages.append(_GO_ON)
        notes.append("the last message, the assistant's, is followed by one that asks to go on")
    if notes:
        fields["messages"] = _spell(messages)
    return notes


def _blocks(content: msgspec.Raw | None) -> list[msgspec.Raw]:
    decoded = _CONTENT.decode(content) if content is not None else None
    if isinstance(decoded, str):
        return [_spell({"type": "text", "text": decoded})] if decoded else []
    return decoded or []


def _effort(fields: Fields) -> str:
    effort = _OBJECT.decode(fields["output_config"]).get("effort") if "output_config" in fields else None
    return effort if effort in BUDGETS else ""


def _spell(value: Any) -> msgspec.Raw:
    return msgspec.Raw(msgspec.json.encode(value))
