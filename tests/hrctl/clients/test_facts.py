"""What differs from daemon to daemon is filled in, and the key is shown only if that is wanted."""

from hrctl.clients.facts import Facts, filled, filled_text

KEY = "sk-router-test-not-a-key-1"
FACTS = Facts("http://127.0.0.1:8319", KEY, "my laptop", ("/opt/bin/hr", "--socket", "/run/a b.sock"))


def test_addresses_and_programs() -> None:
    value = {"at": "{base}", "origin": "{origin}", "run": ["{hr}", 1], "with": "{reveal}", "is": True}
    assert filled(value, FACTS, reveal=False) == {
        "at": "http://127.0.0.1:8319/v1",
        "origin": "http://127.0.0.1:8319",
        "run": ["/opt/bin/hr", 1],
        "with": ["--socket", "/run/a b.sock", "key", "reveal", "my laptop"],
        "is": True,
    }


def test_the_key_is_hinted_at_until_it_is_asked_for() -> None:
    assert filled("{key}", FACTS, reveal=False) == "sk-router-…"
    assert filled("{key}", FACTS, reveal=True) == KEY
    assert filled_text("{secret}", FACTS, reveal=True) == KEY


def test_a_shell_is_told_to_ask_for_it() -> None:
    assert filled_text("{secret}", FACTS, reveal=False) == "\"$(hr --socket '/run/a b.sock' key reveal 'my laptop')\""


def test_braces_of_others_stay() -> None:
    assert filled("${{ secrets.X }} {}", FACTS, reveal=True) == "${{ secrets.X }} {}"
