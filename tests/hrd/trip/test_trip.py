"""What an answer says of who gave it."""

import msgspec

from hrd.trip.trip import as_comment, headers_of
from tests.hrd.stage import candidate, provider


def test_an_answer_names_provider_and_model_and_says_when_it_is_a_demonstration() -> None:
    asked = candidate(provider("alpha", "alpha-1"), "alpha-1")
    assert headers_of(asked) == [(b"x-hermes-provider", b"alpha"), (b"x-hermes-model", b"alpha-1")]
    demo = msgspec.structs.replace(asked, provider=msgspec.structs.replace(asked.provider, demo=True))
    assert headers_of(demo)[-1] == (b"x-hermes-demo", b"1")


def test_as_a_comment_only_the_routers_own_headers_are_told() -> None:
    assert as_comment([(b"x-request-id", b"r"), (b"x-hermes-provider", b"alpha"), (b"x-hermes-attempts", b"2")]) == (
        "x-hermes-provider=alpha x-hermes-attempts=2"
    )
