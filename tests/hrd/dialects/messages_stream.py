"""What Anthropic's SDK accepts as a stream of a message, and the message that it makes of it."""

import re
from typing import Any

import msgspec

from hrd.dialects.sse import Framer

_EVENT = re.compile(rb"\Aevent: (\w+)\ndata: (\{.*\})\n\n\Z")
_DELTAS = {
    "text": {"text_delta": "text", "citations_delta": "citation"},
    "thinking": {"thinking_delta": "thinking", "signature_delta": "signature"},
    "tool_use": {"input_json_delta": "partial_json"},
    "redacted_thinking": {},
}


class IllegalStreamError(AssertionError):
    """The SDK would not accept it."""


class Client:
    """Reads a stream strictly, event by event."""

    def __init__(self) -> None:
        self.message: dict[str, Any] | None = None
        self.open: dict[str, Any] | None = None
        self.is_over = False
        self._json = ""
        self._signed = False
        self._ending = False

    def read(self, stream: bytes) -> "Client":
        for event in Framer(1_000_000).feed(stream):
            if event.data is None:
                self._want(self.message is None or not event.raw.strip(b":\n "), "a comment within the message")
                continue
            found = _EVENT.match(event.raw)
            self._want(found is not None, f"no event: {event.raw!r}")
            assert found is not None
            data = msgspec.json.decode(found[2])
            self._want(data["type"] == found[1].decode(), "two names")
            self._take(data)
        return self

    def _take(self, data: dict[str, Any]) -> None:
        self._want(not self.is_over, "something after the end")
        kind = data["type"]
        if kind == "message_start":
            self._want(self.message is None, "a second message_start")
            message = data["message"]
            self._want(message["content"] == [] and message["stop_reason"] is None, "a message that has begun")
            self._want(message["type"] == "message" and message["role"] == "assistant", "no message")
            self._want({"input_tokens", "output_tokens"} <= message["usage"].keys(), "no usage")
            self.message = message
            return
        if kind == "error":
            self._want(set(data) == {"type", "error", "request_id"} and {"type", "message"} <= data["error"].keys(), "no error")
            self.is_over = True
            return
        assert self.message is not None, f"{kind} before message_start"
        match kind:
            case "ping":
                pass
            case "content_block_start":
                self._want(self.open is None, "a block in a block")
                self._want(not self._ending, "a block after the ending")
                self._want(data["index"] == len(self.message["content"]), "an index out of turn")
                self.open = data["content_block"]
                self._json, self._signed = "", False
                self.message["content"].append(self.open)
            case "content_block_delta":
                self._delta(data)
            case "content_block_stop":
                assert self.open is not None, "no block is open"
                self._want(data["index"] == len(self.message["content"]) - 1, "an index out of turn")
                if self.open["type"] == "tool_use":
                    self._want(self.open["input"] == {}, "input at the start")
                    self.open["input"] = msgspec.json.decode(self._json or "{}")
                    self._want(isinstance(self.open["input"], dict), "input that is no object")
                self.open = None
            case "message_delta":
                self._want(self.open is None and not self._ending, "an ending within a block, or a second one")
                self._want(data["delta"]["stop_reason"] is not None and "output_tokens" in data["usage"], "no ending")
                self._ending = True
                self.message |= data["delta"]
                self.message["usage"] |= data["usage"]
            case "message_stop":
                self._want(self._ending, "no message_delta")
                self.is_over = True
            case _:
                raise IllegalStreamError(kind)

    def _delta(self, data: dict[str, Any]) -> None:
        assert self.open is not None, "no block is open"
        assert self.message is not None
        self._want(data["index"] == len(self.message["content"]) - 1, "an index out of turn")
        delta = data["delta"]
        member = _DELTAS[self.open["type"]].get(delta["type"])
        assert member is not None, f"{delta['type']} in {self.open['type']}"
        value = delta[member]
        self._want(not self._signed, "a delta after the signature")
        match delta["type"]:
            case "input_json_delta":
                self._json += value
            case "citations_delta":
                self.open.setdefault("citations", []).append(value)
            case "signature_delta":
                self._signed = True
                self.open["signature"] = value
            case _:
                self.open[member] += value

    def _want(self, condition: bool, otherwise: str) -> None:
        if not condition:
            raise IllegalStreamError(otherwise)
