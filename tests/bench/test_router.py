"""The home of the daemon under measurement."""

from pathlib import Path

from bench.router import environment, make_home


def test_the_home_names_two_keys_and_nobody_else_can_read_it(tmp_path: Path) -> None:
    home = make_home(tmp_path / "home", 4242, "INFO")
    lines = (home / ".env").read_text().splitlines()

    assert "OPENAI_BASE_URL=http://127.0.0.1:4242/v1" in lines
    assert "OPENAI_API_KEYS=bench-upstream-key-1,bench-upstream-key-2" in lines
    assert "LOG_LEVEL=INFO" in lines
    assert (home / ".env").stat().st_mode & 0o077 == 0


def test_the_user_s_own_settings_stay_out(tmp_path: Path) -> None:
    assert set(environment(tmp_path)) == {"PATH", "HOME", "LANG", "HERMES_ROUTER_HOME"}
