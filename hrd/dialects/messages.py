"""What some providers refuse in the messages of a chat, mended: roles, fields, tool-call ids, the order of turns.

The messages are read only when the bytes hold something that a quirk is about, and keep their bytes when nothing had to
change. Within a changed message everything else keeps its spelling, unknown members included.
"""

import hashlib
import re
from collections.abc import Iterable

import msgspec

from hrd.core.providers import Quirks
from hrd.dialects.contract import Fields

REASONING_FIELDS = ("reasoning", "reasoning_content", "reasoning_details", "thinking")
_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_ID_LENGTH = 9  # what Mistral wants; short enough for everybody else
_OBJECTS = msgspec.json.Decoder(list[Fields])
_TEXT = msgspec.json.Decoder(str)
_SYSTEM = msgspec.Raw(b'"system"')
_USER = msgspec.Raw(b'"user"')
_BRIDGE = {"role": msgspec.Raw(b'"assistant"'), "content": msgspec.Raw(b'"Understood."')}


def adapt_messages(
    raw: msgspec.Raw, quirks: Quirks, signature_stand_in: str = "", *, is_spelled_for_it: bool = False
) -> tuple[msgspec.Raw, list[str]]:
    """The messages as a provider with *quirks* takes them, and what was changed; *raw* itself if nothing was.

    *signature_stand_in*: what the model takes for a thought signature of calls that it did not make. *is_spelled_for_it*: they
    hold no role, reasoning or signature that it does not take."""
    may_hold_more = not is_spelled_for_it and _may_hold_more(bytes(raw), quirks)
    if (
        not may_hold_more
        and not _may_concern(bytes(raw), quirks)
        and not (signature_stand_in and b'"tool_calls"' in bytes(raw))
    ):
        return raw, []
    try:
        messages = _OBJECTS.decode(raw)
        adapted, notes = _adapt(messages, quirks)
        if signature_stand_in:
            notes += _sign(adapted, signature_stand_in)
    except (ValueError, RecursionError):
        return raw, []  # of a shape that is the provider's to judge
    return (msgspec.Raw(msgspec.json.encode(adapted)), notes) if notes else (raw, [])


def _may_hold_more(text: bytes, quirks: Quirks) -> bool:
    """Whether there may be something in a message that is not taken there."""
    find = text.find  # `in` costs twice as much: it takes its left side for a number first
    if not quirks.developer_role and find(b'"developer"') >= 0:
        return True
    if not quirks.keep_reasoning and (find(b'"reasoning') >= 0 or find(b'"thinking"') >= 0):
        return True
    return not quirks.thought_signatures and find(b'"extra_content"') >= 0


def _may_concern(text: bytes, quirks: Quirks) -> bool:
    """Whether the other rules may have something to change."""
    find = text.find
    if (quirks.tool_ids or quirks.reasoning_placeholder) and find(b'"tool_call') >= 0:
        return True
    if quirks.bridge_tool_to_user and find(b'"tool"') >= 0:
        return True
    if quirks.system_first and find(b'"system"') >= 0:
        return True
    if quirks.marks_prefix and text.rfind(b'"assistant"') > max(text.rfind(b'"user"'), text.rfind(b'"tool"')):
        return True
    names = quirks.drop_message_fields
    return bool(names) and any(find(b'"%b"' % name.encode()) >= 0 for name in names)


def _adapt(messages: list[Fields], quirks: Quirks) -> tuple[list[Fields], list[str]]:
    notes: dict[str, None] = {}
    ids = _map_ids(_tool_ids(messages), quirks.tool_ids) if quirks.tool_ids else {}
    adapted: list[Fields] = []
    before = b""
    for message in messages:
        may_instruct = before in (b"", b'"system"') and message is not messages[-1]
        role = _adapt_role(message, quirks, may_instruct, notes)
        if quirks.bridge_tool_to_user and before == b'"tool"' and role == b'"user"':
            adapted.append(_BRIDGE)
            notes["an assistant message put between tool and user"] = None
        _drop_fields(message, quirks, notes)
        if quirks.reasoning_placeholder and quirks.keep_reasoning:
            _hold_reasoning_place(message, quirks, notes)
        if ids:
            _rename_ids(message, ids, notes)
        if not quirks.thought_signatures:
            _drop_signatures(message, notes)
        adapted.append(message)
        before = role
    if quirks.marks_prefix and before == b'"assistant"':
        _mark_prefix(adapted[-1], notes)
    return adapted, list(notes)


def _adapt_role(message: Fields, quirks: Quirks, may_instruct: bool, notes: dict[str, None]) -> bytes:
    """The role that the message goes out with. *may_instruct*: only system messages stand before it, and others behind."""
    role = _spelled(message, "role")
    if role == b'"developer"' and not quirks.developer_role:
        message["role"], role = _SYSTEM, b'"system"'
        notes["role developer sent as system"] = None
    if role == b'"system"' and quirks.system_first and not may_instruct:
        message["role"], role = _USER, b'"user"'
        notes["a system message sent as the user's"] = None
    return role


def _spelled(fields: Fields, name: str) -> bytes:
    raw = fields.get(name)
    return bytes(raw) if raw is not None else b""


def _drop_fields(message: Fields, quirks: Quirks, notes: dict[str, None]) -> None:
    """Reasoning of earlier turns, and fields that are not taken, on messages and on the parts of their content."""
    if not quirks.keep_reasoning:
        for name in REASONING_FIELDS:
            if message.pop(name, None) is not None:
                notes["reasoning of earlier turns left out"] = None
    for name in quirks.drop_message_fields:
        if message.pop(name, None) is not None:
            notes[f"messages[].{name} left out"] = None
    content = _spelled(message, "content")
    unwanted = [name for name in quirks.drop_message_fields if b'"' + name.encode() + b'"' in content]
    if unwanted and content.startswith(b"["):
        parts = _OBJECTS.decode(content)
        held = [name for name in unwanted for part in parts if part.pop(name, None) is not None]
        if held:
            message["content"] = msgspec.Raw(msgspec.json.encode(parts))
            notes.update(dict.fromkeys(f"messages[].content[].{name} left out" for name in held))


def _mark_prefix(last: Fields, notes: dict[str, None]) -> None:
    if _spelled(last, "tool_calls") in (b"", b"null", b"[]") and _spelled(last, "prefix") != b"true":
        last["prefix"] = msgspec.Raw(b"true")
        notes["the assistant's last message marked as the beginning of the reply"] = None


def _drop_signatures(message: Fields, notes: dict[str, None]) -> None:
    """What Google sealed in a call, nobody else can read, and some refuse."""
    if b'"extra_content"' not in _spelled(message, "tool_calls"):
        return
    calls = _OBJECTS.decode(message["tool_calls"])
    if [call for call in calls if call.pop("extra_content", None) is not None]:
        message["tool_calls"] = msgspec.Raw(msgspec.json.encode(calls))
        notes["thought signatures of another vendor left out"] = None


def _sign(messages: list[Fields], stand_in: str) -> list[str]:
    """Only the first call of a message has to be signed."""
    notes: list[str] = []
    for message in messages:
        if not _spelled(message, "tool_calls").startswith(b"[{"):
            continue
        calls = _OBJECTS.decode(message["tool_calls"])
        if b'"thought_signature"' not in _spelled(calls[0], "extra_content"):
            calls[0]["extra_content"] = msgspec.Raw(msgspec.json.encode({"google": {"thought_signature": stand_in}}))
            message["tool_calls"] = msgspec.Raw(msgspec.json.encode(calls))
            notes = ["a stand-in sent for the thought signature of another vendor's call"]
    return notes


def _hold_reasoning_place(message: Fields, quirks: Quirks, notes: dict[str, None]) -> None:
    if _spelled(message, "tool_calls").startswith(b"[{") and _spelled(message, "reasoning_content") in (b"", b"null", b'""'):
        message["reasoning_content"] = msgspec.Raw(msgspec.json.encode(quirks.reasoning_placeholder))
        notes["placeholder sent for missing reasoning_content"] = None


def _tool_ids(messages: Iterable[Fields]) -> Iterable[str]:
    for message in messages:
        if _spelled(message, "tool_calls").startswith(b"["):
            for call in _OBJECTS.decode(message["tool_calls"]):
                if _spelled(call, "id").startswith(b'"'):
                    yield _TEXT.decode(call["id"])
        if _spelled(message, "tool_call_id").startswith(b'"'):
            yield _TEXT.decode(message["tool_call_id"])


def _map_ids(ids: Iterable[str], pattern: str) -> dict[str, str]:
    """For every id that *pattern* refuses another that it takes: the same for the same id, none twice in a request."""
    try:
        fits = re.compile(pattern).fullmatch
    except re.error:
        return {}  # settings may say anything; ids then go as they are
    ids = dict.fromkeys(ids)
    taken = {each for each in ids if fits(each)}
    mapped: dict[str, str] = {}
    for each in ids:
        if each in taken:
            continue
        turn = 0
        while (short := _short_id(each, turn)) in taken:
            turn += 1
        if not fits(short):
            return {}  # no id that we could make would be taken either
        mapped[each] = short
        taken.add(short)
    return mapped


def _short_id(long: str, turn: int) -> str:
    number = int.from_bytes(hashlib.sha256(f"{turn}:{long}".encode()).digest()[:8])
    letters = []
    for _ in range(_ID_LENGTH):
        number, place = divmod(number, len(_ALPHABET))
        letters.append(_ALPHABET[place])
    return "".join(letters)


def _rename_ids(message: Fields, ids: dict[str, str], notes: dict[str, None]) -> None:
    if _spelled(message, "tool_calls").startswith(b"["):
        calls = _OBJECTS.decode(message["tool_calls"])
        renamed = [_rename_id(call, "id", ids) for call in calls]
        if any(renamed):
            message["tool_calls"] = msgspec.Raw(msgspec.json.encode(calls))
            notes["tool-call ids mapped"] = None
    if _rename_id(message, "tool_call_id", ids):
        notes["tool-call ids mapped"] = None


def _rename_id(fields: Fields, name: str, ids: dict[str, str]) -> bool:
    spelled = _spelled(fields, name)
    new = ids.get(_TEXT.decode(spelled)) if spelled.startswith(b'"') else None
    if new is None:
        return False
    fields[name] = msgspec.Raw(msgspec.json.encode(new))
    return True
