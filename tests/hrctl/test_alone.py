"""What hrd says while it does not run."""

from pathlib import Path

import pytest

from hrctl.alone import ask_alone


def test_who_could_be_asked_without_another_key(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GROQ_API_KEY", "gsk_test-not-a-key-1")
    found = ask_alone()
    assert not found.running
    assert {"groq", "local"} <= set(found.askable)
    assert "mistral" not in found.askable


def test_nobody_knows_who_when_the_settings_cannot_be_read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "x")
    found = ask_alone()
    assert (found.host, found.askable) == ("", ())
