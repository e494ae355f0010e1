"""Every wire format fits the contract, parameter by parameter (the type checker sees it only where they are used)."""

import inspect
from collections.abc import Iterator

import pytest

from hrd.dialects.contract import Dialect, Hub, Native, StreamReader, Target
from hrd.dialects.held_stream import HeldStream
from hrd.dialects.openai_stream import ReplyStream
from hrd.dialects.spoken import DIALECTS, TARGETS


def parameters(function: object) -> list[tuple[str, str]]:
    assert callable(function)
    return [(each.name, str(each.kind)) for each in inspect.signature(function).parameters.values() if each.name != "self"]


def faces() -> Iterator[tuple[type, object]]:
    """Every protocol with each module that stands for it."""
    for dialect in DIALECTS:
        yield Dialect, dialect
        yield from ((Native, native) for native in dialect.NATIVE.values())
        if dialect.HUB is not None:
            yield Hub, dialect.HUB
    yield from ((Target, target) for target in TARGETS.values())


@pytest.mark.parametrize(("protocol", "module"), list(faces()), ids=lambda face: getattr(face, "__name__", ""))
def test_a_module_has_every_function_with_the_parameters_of_the_contract(protocol: type, module: object) -> None:
    wanted = {name: function for name, function in vars(protocol).items() if inspect.isfunction(function) and name[0] != "_"}
    for name, function in wanted.items():
        assert parameters(getattr(module, name)) == parameters(function), name


@pytest.mark.parametrize("reader", [ReplyStream, HeldStream])
def test_a_stream_reader_has_every_member_of_the_contract(reader: type) -> None:
    written = inspect.getsource(reader)
    for name in vars(StreamReader):
        if not name.startswith("_"):
            assert hasattr(reader, name) or f"self.{name} = " in written or f"self.{name}: " in written, name
