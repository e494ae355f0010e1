"""What some providers refuse in the messages of a chat, mended: roles, fields, tool-call ids, the order of turns.

What a quirk is about is looked for in the names of the messages' members, and they keep their bytes when nothing had to
change. Within a changed message everything else keeps its spelling, unknown members included. Messages that we spell ourselves
follow the same rules from the start (`openai_chat_turns`).
"""

import hashlib
import re
from collections.abc import Iterable, Sequence
from typing import Any, Final

import msgspec

from hrd.core.providers import Quirks

REASONING_FIELDS = ("reasoning", "reasoning_content", "reasoning_details", "thinking")
_ID_CHARS = 9  # what Mistral wants; short enough for everybody else
_Spelled = dict[str, Any]
"""The members of an object as they came, each a Raw, but for lists of calls that were changed."""
_OBJECTS: Final = msgspec.json.Decoder(list[dict[str, msgspec.Raw]])
_PARTS: Final = msgspec.json.Decoder(list[dict[str, msgspec.Raw] | str])
_TEXT: Final = msgspec.json.Decoder(str)
_SYSTEM: Final = msgspec.Raw(b'"system"')
_USER: Final = msgspec.Raw(b'"user"')
_PREFIX: Final = msgspec.Raw(b"true")
BRIDGE: Final = "Understood."
"""What the assistant says between a tool's result and the user's next word."""
_BRIDGE: Final[_Spelled] = {"role": msgspec.Raw(b'"assistant"'), "content": msgspec.Raw(msgspec.json.encode(BRIDGE))}
NOTE_DEVELOPER: Final = "role developer sent as system"
NOTE_SYSTEM: Final = "a system message sent as the user's"
NOTE_BRIDGE: Final = "an assistant message put between tool and user"
NOTE_REASONING: Final = "reasoning of earlier turns left out"
NOTE_PLACEHOLDER: Final = "placeholder sent for missing reasoning_content"
NOTE_IDS: Final = "tool-call ids mapped"
NOTE_STAND_IN: Final = "a stand-in sent for the thought signature of another vendor's call"
NOTE_PREFIX: Final = "the assistant's last message marked as the beginning of the reply"
NOTE_REFUSAL: Final = "a refusal of an earlier turn sent as text"
NOTE_NO_CALLS: Final = "messages[].tool_calls without calls left out"
NOTE_NAME: Final = "messages[].name left out"
_ANSWERED: Final = ("annotations", "audio", "function_call", "refusal")
"""Members of the messages of OpenAI's replies, mostly empty."""
_SAYS_NOTHING: Final = (b"", b"null", b'""', b"[]")
_NO_CALLS: Final = (b"", b"null", b"[]")
_NO_NAMES: Final[frozenset[str]] = frozenset()


class _Id(msgspec.Struct, gc=False):
    id: str | None = None


class _Ids(msgspec.Struct, gc=False):
    tool_calls: list[_Id] | None = None
    tool_call_id: str | None = None


_IDS: Final = msgspec.json.Decoder(list[_Ids])


def adapt_messages(raw: msgspec.Raw, quirks: Quirks, signature_stand_in: str = "") -> tuple[msgspec.Raw, list[str]]:
    """The messages as a provider with *quirks* takes them, and what was changed; *raw* itself if nothing was.

    *signature_stand_in*: what the model takes for a thought signature of calls that it did not make."""
    try:
        messages = _OBJECTS.decode(raw)
        adapting = _Adapting(bytes(raw), messages, quirks, signature_stand_in)
        if not adapting.may_change:
            return raw, []
        adapted = adapting.adapt(messages)
    except (ValueError, RecursionError):
        return raw, []  # of a shape that is the provider's to judge
    return (msgspec.Raw(msgspec.json.encode(adapted)), list(adapting.notes)) if adapting.notes else (raw, [])


class _Adapting:
    """The quirks that may concern one request's messages, by what stands in them."""

    def __init__(self, text: bytes, messages: Sequence[_Spelled], quirks: Quirks, signature_stand_in: str) -> None:
        names = _NO_NAMES.union(*messages)
        roles = [_spelled(message, "role") for message in messages]
        has_calls = not names.isdisjoint(("tool_calls", "tool_call_id"))
        self.notes: dict[str, None] = {}
        self._text = text
        self._no_developer = not quirks.developer_role and b'"developer"' in roles
        self._no_reasoning = not quirks.keep_reasoning and not names.isdisjoint(REASONING_FIELDS)
        self._no_signatures = has_calls and not quirks.thought_signatures and text.find(b'"extra_content"') >= 0
        self._system_first = quirks.system_first and (self._no_developer or b'"system"' in roles)
        self._bridges = quirks.bridge_tool_to_user and b'"tool"' in roles
        self._marks = quirks.marks_prefix and roles[-1:] == [b'"assistant"']
        self._no_calls = "tool_calls" in names and any(_has_no_calls(message) for message in messages)
        refused = _refused(quirks)
        self._unwanted = [name for name in refused if name in names]
        self._unwanted_in_parts = [
            name for name in refused if name not in _ANSWERED and text.find(b'"%b"' % name.encode()) >= 0
        ]
        self._id_pattern = quirks.tool_ids if has_calls else ""
        self._stand_in = signature_stand_in if has_calls else ""
        self._placeholder = quirks.reasoning_placeholder if has_calls and quirks.keep_reasoning else ""
        self._ids: dict[str, str] = {}

    @property
    def may_change(self) -> bool:
        """Whether there may be anything to do."""
        return bool(
            (self._no_calls or self._no_developer or self._system_first or self._bridges or self._marks or self._unwanted)
            or (
                self._unwanted_in_parts
                or self._no_reasoning
                or self._no_signatures
                or self._id_pattern
                or self._stand_in
                or self._placeholder
            )
        )

    def adapt(self, messages: list[dict[str, msgspec.Raw]]) -> list[_Spelled]:
        """*messages*, each changed where it has to be. Raises what msgspec raises."""
        self._ids = map_ids(_tool_ids(self._text), self._id_pattern) if self._id_pattern else {}
        has_rules_for_calls = bool(self._ids or self._no_signatures or self._stand_in or self._placeholder)
        adapted: list[_Spelled] = []
        before = b""
        for message in messages:
            role = _spelled(message, "role")
            if self._no_calls and _has_no_calls(message):
                del message["tool_calls"]
                self.notes[NOTE_NO_CALLS] = None
            if self._no_developer or self._system_first:
                role = self._adapt_role(message, role, before, is_last=message is messages[-1])
            if self._bridges and before == b'"tool"' and role == b'"user"':
                adapted.append(_BRIDGE)
                self.notes[NOTE_BRIDGE] = None
            if self._no_reasoning or self._unwanted:
                self._drop_fields(message)
            if self._unwanted_in_parts:
                self._drop_fields_of_parts(message)
            adapted.append(self._with_calls(message) if has_rules_for_calls else message)
            before = role
        if self._marks and before == b'"assistant"':
            self._mark_prefix(adapted[-1])
        return adapted

    def _adapt_role(self, message: _Spelled, role: bytes, before: bytes, *, is_last: bool) -> bytes:
        """The role that the message goes out with: the system instructs where no others stand before it, and some behind."""
        if role == b'"developer"' and self._no_developer:
            message["role"], role = _SYSTEM, b'"system"'
            self.notes[NOTE_DEVELOPER] = None
        if role == b'"system"' and self._system_first and (is_last or before not in (b"", b'"system"')):
            message["role"], role = _USER, b'"user"'
            self.notes[NOTE_SYSTEM] = None
        return role

    def _drop_fields(self, message: _Spelled) -> None:
        """Reasoning of earlier turns, and fields that are not taken."""
        if self._no_reasoning:
            for name in REASONING_FIELDS:
                if message.pop(name, None) is not None:
                    self.notes[NOTE_REASONING] = None
        for name in self._unwanted:
            raw = message.pop(name, None)
            if raw is None:
                continue
            if name == "refusal" and bytes(raw)[:1] == b'"' and _spelled(message, "content") in _SAYS_NOTHING:
                message["content"] = raw
                self.notes[NOTE_REFUSAL] = None
            else:
                self.notes[f"messages[].{name} left out"] = None

    def _drop_fields_of_parts(self, message: _Spelled) -> None:
        """The same fields on the parts of its content."""
        content = _spelled(message, "content")
        if content[:1] != b"[":
            return
        parts = _PARTS.decode(content)
        objects = [part for part in parts if not isinstance(part, str)]
        held = [name for name in self._unwanted_in_parts for part in objects if part.pop(name, None) is not None]
        if held:
            message["content"] = msgspec.Raw(msgspec.json.encode(parts))
            self.notes.update(dict.fromkeys(f"messages[].content[].{name} left out" for name in held))

    def _with_calls(self, message: _Spelled) -> _Spelled:
        """*message* with its calls, or the id of the call that it answers, as they are taken."""
        if self._ids and _rename_id(message, "tool_call_id", self._ids):
            self.notes[NOTE_IDS] = None
        spelled = _spelled(message, "tool_calls")
        calls = _OBJECTS.decode(spelled) if spelled[:1] == b"[" else []
        if not calls:
            return message
        if self._placeholder and _spelled(message, "reasoning_content") in (b"", b"null", b'""'):
            message["reasoning_content"] = msgspec.Raw(msgspec.json.encode(self._placeholder))
            self.notes[NOTE_PLACEHOLDER] = None
        if self._adapt_calls(calls):
            message["tool_calls"] = calls
        return message

    def _adapt_calls(self, calls: list[dict[str, msgspec.Raw]]) -> bool:
        """Change *calls*; False if there is nothing to change."""
        renamed = [call for call in calls if _rename_id(call, "id", self._ids)] if self._ids else []
        if renamed:
            self.notes[NOTE_IDS] = None
        unsigned = [call for call in calls if call.pop("extra_content", None) is not None] if self._no_signatures else []
        if unsigned:  # what Google sealed in a call, nobody else can read, and some refuse
            self.notes["thought signatures of another vendor left out"] = None
        if self._stand_in and b'"thought_signature"' not in _spelled(calls[0], "extra_content"):
            # only the first call of a message has to be signed
            calls[0]["extra_content"] = msgspec.Raw(msgspec.json.encode({"google": {"thought_signature": self._stand_in}}))
            self.notes[NOTE_STAND_IN] = None
            return True
        return bool(renamed or unsigned)

    def _mark_prefix(self, last: _Spelled) -> None:
        calls = last.get("tool_calls")
        has_calls = isinstance(calls, list) or _spelled(last, "tool_calls") not in _NO_CALLS
        if not has_calls and _spelled(last, "prefix") != b"true":
            last["prefix"] = _PREFIX
            self.notes[NOTE_PREFIX] = None


def _refused(quirks: Quirks) -> Sequence[str]:
    """Members of messages that a provider with *quirks* may refuse: its own list, marks for a cache that it does not have, and
    what stands in OpenAI's replies, which clients send back as they came."""
    refused = dict.fromkeys(quirks.drop_message_fields)
    if "cache_control" not in quirks.forward:
        refused["cache_control"] = None
    return [*refused] if quirks.openai_words else [*refused, *_ANSWERED]


def _has_no_calls(message: _Spelled) -> bool:
    """Whether it says that there are none, which many refuse: an SDK's message with all its members does."""
    return "tool_calls" in message and _spelled(message, "tool_calls") in _NO_CALLS


def _spelled(fields: _Spelled, name: str) -> bytes:
    raw = fields.get(name)
    return bytes(raw) if raw is not None else b""


def _tool_ids(text: bytes) -> Iterable[str]:
    """The ids of calls, in their order; none if they are of a shape that is the provider's to judge."""
    try:
        messages = _IDS.decode(text)
    except (ValueError, RecursionError):
        return
    for message in messages:
        if message.tool_calls:
            for call in message.tool_calls:
                if call.id is not None:
                    yield call.id
        if message.tool_call_id is not None:
            yield message.tool_call_id


def map_ids(ids: Iterable[str], pattern: str) -> dict[str, str]:
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
    return hashlib.blake2b(f"{turn}:{long}".encode(), digest_size=_ID_CHARS).hexdigest()[:_ID_CHARS]


def _rename_id(fields: _Spelled, name: str, ids: dict[str, str]) -> bool:
    spelled = _spelled(fields, name)
    new = ids.get(_TEXT.decode(spelled)) if spelled[:1] == b'"' else None
    if new is None:
        return False
    fields[name] = msgspec.Raw(msgspec.json.encode(new))
    return True
