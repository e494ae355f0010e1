"""The welcome says where we are, how to ask, and what comes next."""

import shlex

import msgspec
import pytest

from hrd.admin.places import Places
from hrd.welcome import Welcome, first_request, welcome

PLACES = Places(config="/home/ada/.config/hermes-router", state="/home/ada/.local/state/hermes-router", runtime="/run/user/7/x")
DEMO = Welcome(
    endpoint="http://127.0.0.1:8319",
    places=PLACES,
    hr="hr",
    model="hermes-router",
    has_credential=False,
    is_demo=True,
)


def test_the_demo_says_that_it_is_one_and_how_it_ends() -> None:
    assert welcome(DEMO) == (
        "\n"
        "hermes-router is ready.\n"
        "  Base URL for OpenAI clients:  http://127.0.0.1:8319/v1\n"
        "  Their key:                    hr key reveal\n"
        "  Their model:                  hermes-router\n"
        "\n"
        "Try it:\n"
        "  printf 'x-api-key: %s' \"$(hr key reveal)\" | "
        r"curl -sS -w '\n' http://127.0.0.1:8319/v1/chat/completions -H @- "
        '-d \'{"model": "hermes-router", "messages": [{"role": "user", "content": "Say hello."}]}\'\n'
        "\n"
        "What it is doing:  hr status\n"
        "Settings:          /home/ada/.config/hermes-router/.env (see docs/settings.md; none is needed)\n"
        "Keys:              /home/ada/.local/state/hermes-router/auth.json\n"
        "Stop it:           Ctrl-C, or hr stop\n"
        "\n"
        "This is a demo: three providers inside make up the answers, until you add a key of a real one:\n"
        "  hr auth add groq\n"
    )


@pytest.mark.parametrize(
    ("has_credential", "last_words"),
    [
        (False, "No provider has a key yet, so requests are answered with 503. Add one:\n  hr auth add groq\n"),
        (True, "Add another key at any time:\n  hr auth add groq\n"),
    ],
)
def test_without_a_demo_it_says_whether_somebody_can_answer(has_credential: bool, last_words: str) -> None:
    text = welcome(msgspec.structs.replace(DEMO, is_demo=False, has_credential=has_credential))
    assert text.endswith(last_words)
    assert "demo" not in text


@pytest.mark.parametrize("model", ["hermes-router", "o'brien", 'say "x"', "módulo"])
def test_the_line_is_one_that_a_shell_can_read_whatever_the_model_is_called(model: str) -> None:
    words = shlex.split(first_request(msgspec.structs.replace(DEMO, model=model)))
    sent = msgspec.json.decode(words[words.index("-d") + 1])
    assert sent["model"] == model


def test_hr_stands_everywhere_as_it_has_to_be_typed() -> None:
    text = welcome(msgspec.structs.replace(DEMO, hr="HERMES_ROUTER_HOME=/h /venv/bin/hr"))
    assert text.count("HERMES_ROUTER_HOME=/h /venv/bin/hr ") == 5
    assert "  hr " not in text
