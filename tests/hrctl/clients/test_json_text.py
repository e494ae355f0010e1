"""JSON keeps its order and its indentation."""

import json

import pytest

from hrctl.clients.grafting import Unsuitable
from hrctl.clients.json_text import changed
from hrctl.clients.shapes import Setting

OURS = [Setting(("env", "URL"), "http://x"), Setting(("env", "KEY"), "k")]


@pytest.mark.parametrize("text", ["", "  \n", "{}"])
def test_a_new_file(text: str) -> None:
    assert changed(text, OURS) == '{\n  "env": {\n    "URL": "http://x",\n    "KEY": "k"\n  }\n}\n'


def test_what_stood_there_stays_as_it_is_written() -> None:
    before = '{\n\t"permissions": {"allow": ["Bash(ls:*)"]},\n\t"env": {"Ä": "ö", "URL": "old"},\n\t"n": 1\n}'
    after = changed(before, OURS)
    assert list(json.loads(after)) == ["permissions", "env", "n"]
    assert json.loads(after)["env"] == {"Ä": "ö", "URL": "http://x", "KEY": "k"}
    assert after.startswith('{\n\t"permissions"')
    assert "Ä" in after


def test_twice_is_once() -> None:
    once = changed('{"z": [1.0, null]}', OURS)
    assert changed(once, OURS) is once


@pytest.mark.parametrize(
    "text", ["{", "[]", '"text"', '{"env": []}', '// said by hand\n{"env": {}}', '{"env": {},}', "\ufeff{}", "[" * 100_000]
)
def test_what_its_client_would_not_read_is_refused(text: str) -> None:
    with pytest.raises(Unsuitable):
        changed(text, OURS)
