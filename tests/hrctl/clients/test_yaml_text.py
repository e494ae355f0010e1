"""YAML keeps its comments, its quotes and its indentation."""

import pytest

from hrctl.clients.grafting import Unsuitable
from hrctl.clients.shapes import Member, Setting
from hrctl.clients.yaml_text import changed

OURS = [Setting(("models", Member("name", "ours")), {"name": "ours", "roles": ["chat"]}), Setting(("flag",), False)]
LONG = "a line that nobody broke, " * 12 + "ever"


def test_a_new_file() -> None:
    assert changed("", OURS) == "models:\n- name: ours\n  roles:\n  - chat\nflag: false\n"


def test_a_file_of_comments_alone_keeps_them() -> None:
    assert changed("# model: gpt\n# key: none", OURS[1:]) == "# model: gpt\n# key: none\nflag: false\n"


def test_what_stood_there_stays_as_it_is_written() -> None:
    before = (
        "# mine\nname: 'x'   # quoted\nmodels:\n  # those at work\n"
        f'  - name: theirs\n    key: "v"  # secret\n\n# rules\nrules:\n  - {LONG}\nempty:\nyes_no: yes\nversion: 1.0.0\n'
    )
    after = changed(before, OURS)
    assert (
        after
        == before.replace("  - name: theirs\n", "  - name: ours\n    roles:\n      - chat\n  - name: theirs\n")
        + "flag: false\n"
    )


def test_lists_that_are_not_indented_stay_so() -> None:
    assert changed("models:\n- name: theirs\nflag: true\n", OURS) == (
        "models:\n- name: ours\n  roles:\n  - chat\n- name: theirs\nflag: false\n"
    )


def test_the_mark_of_a_document_stays() -> None:
    assert changed("---\nmodels: []\n", OURS[1:]) == "---\nmodels: []\nflag: false\n"


def test_twice_is_once() -> None:
    once = changed("a: 1\n", OURS)
    assert changed(once, OURS) is once


def test_a_list_at_the_top() -> None:
    ours = [Setting((Member("id", "ours"),), {"id": "ours", "tools": True})]
    assert changed("", ours) == "- id: ours\n  tools: true\n"
    assert changed("- id: theirs\n", ours) == "- id: ours\n  tools: true\n- id: theirs\n"


@pytest.mark.parametrize(
    "text",
    ["a: [", "a: 1\na: 2\n", "- a list\n", "just a text", "models: none\n", "a: 1\n---\nb: 2\n", "a: &b\n  <<: *c\n", "\x00"],
)
def test_what_its_client_would_not_read_is_refused(text: str) -> None:
    with pytest.raises(Unsuitable):
        changed(text, OURS)


def test_an_object_of_python_is_not_made() -> None:
    text = "a: !!python/object/apply:os.getcwd []\n"
    assert "!!python/object/apply:os.getcwd []" in changed(text, OURS[1:])
