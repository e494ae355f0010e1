"""A client and the router brought together: shown, or written."""

from pathlib import Path

import pytest

from hrctl.clients.connection import connection
from hrctl.clients.facts import Facts
from hrctl.clients.known import known_client
from hrctl.clients.shapes import Client
from hrctl.problems import Trouble

KEY = "sk-router-test-not-a-key-1"
FACTS = Facts("http://127.0.0.1:8319", KEY, "mine", ("/bin/hr",))


def client(name: str) -> Client:
    found = known_client(name)
    assert found is not None
    return found


def test_shown_nothing_is_written(tmp_path: Path) -> None:
    done = connection(client("llm"), FACTS, {}, tmp_path, write=False, reveal=False)
    assert [(piece.state, piece.backup) for piece in done.files] == [("shown", ""), ("shown", "")]
    assert list(tmp_path.iterdir()) == []


def test_written_it_is_in_the_files_and_the_answer_does_not_hold_the_key(tmp_path: Path) -> None:
    done = connection(client("llm"), FACTS, {}, tmp_path, write=True, reveal=False)
    assert [piece.state for piece in done.files] == ["written", "written"]
    assert KEY in Path(done.files[1].path).read_text()
    assert KEY not in repr(done)
    assert [piece.state for piece in connection(client("llm"), FACTS, {}, tmp_path, write=True, reveal=False).files] == [
        "unchanged",
        "unchanged",
    ]


def test_one_file_that_is_not_understood_and_none_is_written(tmp_path: Path) -> None:
    (tmp_path / ".hermes").mkdir()
    env = tmp_path / ".hermes/.env"
    env.write_bytes(b"\xff")
    with pytest.raises(Trouble):
        connection(client("hermes-agent"), FACTS, {}, tmp_path, write=True, reveal=False)
    assert list((tmp_path / ".hermes").iterdir()) == [env]


def test_a_variable_of_the_key_has_no_value_until_it_is_revealed(tmp_path: Path) -> None:
    hidden = connection(client("openai"), FACTS, {}, tmp_path, write=False, reveal=False).environment
    assert [(one.name, one.value) for one in hidden] == [
        ("OPENAI_BASE_URL", "http://127.0.0.1:8319/v1"),
        ("OPENAI_API_KEY", None),
    ]
    assert hidden[1].line == 'export OPENAI_API_KEY="$(hr key reveal mine)"'
    shown = connection(client("openai"), FACTS, {}, tmp_path, write=False, reveal=True).environment
    assert shown[1].value == KEY
