"""Conversations as clients may send them, for the tests of whoever spells them for a provider."""

import msgspec
from hypothesis import strategies as st

from hrd.core.conversation import (
    CallKind,
    Choosing,
    Conversation,
    Document,
    FormatKind,
    Image,
    OutputFormat,
    Reasoning,
    Refused,
    Role,
    Sampling,
    Text,
    Thinking,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
    Turn,
    Vendor,
    format_by,
)

ANY_ID = st.sampled_from(["c1", "call_0", "x" * 80, "call with blanks"])
ANY_WORDS = st.sampled_from(["a", "", "é\n"])
PICTURES = st.builds(Image, url=st.just("https://e.org/a.png"))
EFFORTS = [Reasoning(), Reasoning(effort="max"), Reasoning(budget_tokens=5000), Reasoning(is_off=True)]
ANY_PARTS = {
    Role.USER: st.builds(Text, ANY_WORDS)
    | st.builds(Image, media_type=st.just("image/png"), data=st.just("QQ=="))
    | st.builds(Image, url=st.just("https://e.org/a.png"), detail=st.just("low"))
    | st.builds(Document, media_type=st.just("application/pdf"), data=st.just("QQ=="), title=st.sampled_from(["", "a.pdf"]))
    | st.builds(Document, url=st.just("https://e.org/a.pdf"))
    | st.builds(Document, text=st.just("plain")),
    Role.ASSISTANT: st.builds(Text, ANY_WORDS)
    | st.builds(Refused, ANY_WORDS)
    | st.builds(Thinking, text=ANY_WORDS, signature=st.just("Erde"), vendor=st.sampled_from([Vendor.ANTHROPIC, Vendor.GEMINI]))
    | st.builds(
        ToolCall,
        id=ANY_ID,
        name=st.sampled_from(["f", "mcp.read", "g" * 90]),
        arguments=st.sampled_from(["{}", "", "no", '{"a":1}']),
        kind=st.sampled_from(CallKind),
        namespace=st.sampled_from(["", "crm"]),
    ),
    Role.TOOL: st.builds(
        ToolResult,
        call_id=ANY_ID,
        content=st.lists(st.builds(Text, ANY_WORDS) | st.builds(Image, url=st.just("https://e.org/a.png")), max_size=2).map(
            tuple
        ),
        is_error=st.booleans(),
        kind=st.sampled_from(CallKind),
    ),
    Role.SYSTEM: st.builds(Text, ANY_WORDS),
    Role.DEVELOPER: st.builds(Text, ANY_WORDS),
}


@st.composite
def histories(draw: st.DrawFn) -> Conversation:
    """What clients may send, orphans, repetitions and odd names included."""
    roles = draw(st.lists(st.sampled_from(Role), max_size=6))
    turns = [Turn(role, tuple(draw(st.lists(ANY_PARTS[role], max_size=3)))) for role in roles]
    tools = (
        Tool(name="f", schema=msgspec.Raw(b'{"type":"object"}')),
        Tool(name="mcp.read"),
        Tool(name="g" * 90, namespace="crm", description="d"),
        Tool(name="p", kind=CallKind.CUSTOM, format=msgspec.Raw(b'{"type":"text"}')),
    )
    return Conversation(
        turns=(*turns, Turn(Role.USER, (Text("hi"),))),
        tools=draw(st.sampled_from([(), tools])),
        tool_choice=draw(
            st.none()
            | st.builds(ToolChoice, st.sampled_from([Choosing.AUTO, Choosing.NONE]))
            | st.builds(ToolChoice, st.just(Choosing.ONE), st.sampled_from(["f", "mcp.read", "p", "g" * 90]))
            | st.builds(ToolChoice, st.just(Choosing.AUTO), allowed=st.just(("f", "gone")))
        ),
        parallel_calls=draw(st.none() | st.booleans()),
        max_tokens=draw(st.none() | st.integers(1, 99)),
        stop=("END",),
        format=draw(
            st.sampled_from([None, OutputFormat(kind=FormatKind.JSON_OBJECT), format_by(msgspec.Raw(b'{"type":"object"}'))])
        ),
        reasoning=draw(st.sampled_from(EFFORTS)),
        sampling=Sampling(logprobs=draw(st.booleans()), top_logprobs=draw(st.none() | st.just(2)), seed=1),
        service_tier=draw(st.sampled_from(["", "auto", "standard_only"])),
    )
