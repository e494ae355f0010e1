"""Both dialects fit the contract, parameter by parameter (the type checker sees it only where they are used)."""

import inspect
from types import ModuleType

import pytest

from hrd.dialects import embeddings, openai_chat
from hrd.dialects.contract import Dialect, StreamReader
from hrd.dialects.openai_stream import ReplyStream

DIALECTS: list[Dialect] = [openai_chat, embeddings]


def parameters(function: object) -> list[tuple[str, str]]:
    assert callable(function)
    return [(each.name, str(each.kind)) for each in inspect.signature(function).parameters.values() if each.name != "self"]


@pytest.mark.parametrize("module", [openai_chat, embeddings], ids=["chat", "embeddings"])
def test_a_dialect_has_every_function_with_the_parameters_of_the_contract(module: ModuleType) -> None:
    wanted = {name: function for name, function in vars(Dialect).items() if inspect.isfunction(function) and name[0] != "_"}
    assert sorted(wanted) == sorted(module.__all__)
    for name, function in wanted.items():
        assert parameters(getattr(module, name)) == parameters(function), name


def test_the_stream_reader_has_every_member_of_the_contract() -> None:
    reader: StreamReader = ReplyStream(usage_to_client=False, rewrite=(), input_tokens=0, event_bytes_max=1024)
    for name in vars(StreamReader):
        if not name.startswith("_"):
            assert hasattr(reader, name), name
