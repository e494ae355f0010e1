"""Tools' names for providers, there and back."""

import re

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hrd.core.conversation import CallKind, Tool
from hrd.dialects.contract import ToolName
from hrd.dialects.tool_names import NAME_CHARS_MAX, SentNames, names_back, restored, sent_name, unwrapped, wrapped

PLAIN = re.compile(r"[a-zA-Z0-9_-]{1,64}")


@pytest.mark.parametrize("name", ["get_weather", "mcp__files__read-file", "x" * NAME_CHARS_MAX])
def test_what_every_provider_takes_stays_as_it_is(name: str) -> None:
    assert sent_name(name) == name


def test_long_and_odd_names_are_shortened_by_nothing_but_themselves() -> None:
    long = "mcp__" + "server" * 20 + "__tool"
    assert sent_name(long) == sent_name(long) != sent_name(long + "2")
    assert sent_name("files.read") == "files_read_" + sent_name("files.read")[-8:]
    assert sent_name("read", "files") == "files__read"


@given(st.text(min_size=1, max_size=90), st.sampled_from(["", "ns", "odd.ns"]))
def test_whatever_the_name_it_is_taken_and_finds_its_way_back(name: str, namespace: str) -> None:
    tool = Tool(name=name, namespace=namespace)
    sent = sent_name(name, namespace)
    assert PLAIN.fullmatch(sent)
    assert restored(names_back((tool,), takes_custom=True), sent) == ToolName(name=name, namespace=namespace)


def test_a_freeform_tool_is_a_function_where_only_those_are_known() -> None:
    tools = (Tool(name="apply_patch", kind=CallKind.CUSTOM), Tool(name="plain"))
    assert names_back(tools, takes_custom=True) == {}
    assert names_back(tools, takes_custom=False) == {"apply_patch": ToolName(name="apply_patch", kind=CallKind.CUSTOM)}
    assert msgspec.json.decode(wrapped('*** Begin "Patch"')) == {"input": '*** Begin "Patch"'}


@given(st.text(max_size=20))
def test_freeform_input_there_and_back(text: str) -> None:
    assert unwrapped(wrapped(text)) == text


@pytest.mark.parametrize("arguments", ["*** Begin Patch", "{}", '{"input":1}', "[1]", ""])
def test_what_is_not_wrapped_is_the_input(arguments: str) -> None:
    assert unwrapped(arguments) == arguments


def test_names_of_one_request_are_made_once() -> None:
    names = SentNames()
    assert [names["f", "a"], names["f", "a"], names["f", ""]] == ["a__f", "a__f", "f"]
