"""TOML keeps its comments, its order and its spacing."""

import tomllib

import pytest

from hrctl.clients.grafting import Unsuitable
from hrctl.clients.shapes import Setting
from hrctl.clients.toml_text import changed

TABLE = {"name": "ours", "auth": {"command": "/bin/hr", "args": ["key", "reveal"]}}
OURS = [Setting(("model_provider",), "ours"), Setting(("model_providers", "ours"), TABLE)]
BY_HAND = """\
# my settings
model = 'big'   # the good one

[profiles.slow]  # at night
effort = "high"

[model_providers.theirs]
name = "theirs"
"""


@pytest.mark.parametrize("text", ["", "\n", "# nothing yet\n"])
def test_a_new_file(text: str) -> None:
    assert tomllib.loads(changed(text, OURS)) == {"model_provider": "ours", "model_providers": {"ours": TABLE}}


@pytest.mark.parametrize(
    "before", [BY_HAND, f"{BY_HAND}\n[tui]\na = 1\n", 'model_provider = "theirs" # mine\n[a]\n[b.c]\nd = 1\n']
)
def test_every_line_that_is_not_ours_is_kept_and_reads_the_same(before: str) -> None:
    after = changed(before, OURS)
    expected = tomllib.loads(before) | {"model_provider": "ours"}
    expected["model_providers"] = expected.get("model_providers", {}) | {"ours": TABLE}
    assert tomllib.loads(after) == expected
    kept = [line for line in before.splitlines() if not line.startswith("model_provider =")]
    assert [line for line in after.splitlines() if line in kept and line] == [line for line in kept if line]


def test_a_value_of_ours_keeps_the_comment_behind_it() -> None:
    assert changed('model_provider = "theirs" # mine\n', OURS[:1]) == 'model_provider = "ours" # mine\n'


def test_twice_is_once() -> None:
    once = changed(BY_HAND, OURS)
    assert changed(once, OURS) is once


def test_a_table_of_ours_is_replaced_whole() -> None:
    before = '[model_providers.ours]\nname = "ours"\nenv_key = "OLD"\n'
    assert tomllib.loads(changed(before, OURS))["model_providers"] == {"ours": TABLE}


@pytest.mark.parametrize("text", ["a = ", "a = 1\na = 2\n", "[a]\n[a]\n", 'model_providers = "none"', "{}"])
def test_what_its_client_would_not_read_is_refused(text: str) -> None:
    with pytest.raises(Unsuitable):
        changed(text, OURS)
