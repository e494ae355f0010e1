"""Probing: one request a provider, another where something is refused, and nothing for what is known."""

from collections.abc import Iterator

import pytest

from hrctl.client import Client
from hrctl.endpoint import open_endpoint
from hrctl.probe import Probed, found_by_probing, probe, to_probe
from hrd.admin.wire.doctor import REASONING, FindingState, ReasoningNoted
from hrd.admin.wire.models import MODELS, ModelRow, Models
from tests.hrctl.fake_daemon import FakeDaemon
from tests.hrctl.fake_endpoint import FakeEndpoint, said, serving
from tests.hrctl.routed import models, route

UNKNOWN = ModelRow(name="large", place=1)
REFUSED = {"error": {"message": "refused"}}


@pytest.fixture
def endpoint(daemon: FakeDaemon) -> Iterator[FakeEndpoint]:
    with serving() as server:
        route(daemon, server)
        daemon.answers(REASONING, ReasoningNoted(provider="groq", model="large", reasoning=True))
        yield server


def knows(daemon: FakeDaemon, *rows: ModelRow) -> None:
    """What is known after each request, the last of it from then on."""
    left = list(rows)

    def answer() -> Models:
        return models(left.pop(0) if len(left) > 1 else left[0])

    daemon.does(MODELS, answer)


def run(daemon: FakeDaemon) -> Probed:
    client = Client([str(daemon.path)])
    return probe(client, open_endpoint(client), "groq", UNKNOWN)


def parts(asked: dict[str, object]) -> tuple[bool, bool]:
    """Whether a request had tools, and a picture."""
    return "tools" in asked, "image_url" in str(asked["messages"])


def test_what_is_known_costs_nothing(daemon: FakeDaemon) -> None:
    known = ModelRow(name="large", place=1, tools=True, vision=False, reasoning=False)
    daemon.answers(MODELS, models(known))
    assert to_probe(Client([str(daemon.path)])) == []
    daemon.answers(MODELS, models(UNKNOWN, known))
    assert to_probe(Client([str(daemon.path)])) == [("groq", UNKNOWN)]


def test_one_request_tells_all(daemon: FakeDaemon, endpoint: FakeEndpoint) -> None:
    knows(daemon, ModelRow(name="large", tools=True, vision=True))
    endpoint.says(200, said(None, reasoning="hm", tool_calls=[{"function": {"name": "answer"}}]))
    found = run(daemon)
    assert (found.tools, found.vision, found.reasoning, found.requests, found.refused) == (True, True, True, 1, "")
    (asked,) = endpoint.asked
    assert (asked["model"], parts(asked)) == ("groq:large", (True, True))
    noted = next(one for one in daemon.asked if one.target == "/v1/models/reasoning")
    assert noted.body == b'{"provider":"groq","model":"large","reasoning":true}'


def test_what_is_refused_is_left_out_of_the_next_one(daemon: FakeDaemon, endpoint: FakeEndpoint) -> None:
    no_pictures = ModelRow(name="large", vision=False)
    knows(daemon, no_pictures, ModelRow(name="large", vision=False, tools=False))
    endpoint.says(400, REFUSED)
    endpoint.says(400, REFUSED)
    endpoint.says(200, said("red"))
    found = run(daemon)
    assert [parts(asked) for asked in endpoint.asked] == [(True, True), (True, False), (False, False)]
    assert (found.tools, found.vision, found.requests, found.refused) == (False, False, 3, "")


def test_a_refusal_that_teaches_nothing_ends_it(daemon: FakeDaemon, endpoint: FakeEndpoint) -> None:
    knows(daemon, UNKNOWN)
    endpoint.says(429, {"error": {"message": "its quota is used up"}})
    found = run(daemon)
    assert (found.requests, found.refused) == (1, "its quota is used up")
    assert not any(one.target == "/v1/models/reasoning" for one in daemon.asked)


def test_what_is_forced_is_not_noted(daemon: FakeDaemon, endpoint: FakeEndpoint) -> None:
    knows(daemon, ModelRow(name="large", tools=True, vision=True, reasoning=False))
    endpoint.says(200, said())
    assert run(daemon).reasoning is False
    assert not any(one.target == "/v1/models/reasoning" for one in daemon.asked)


def test_as_findings() -> None:
    found = found_by_probing(Probed(provider="groq", model="large", tools=True, vision=False))
    assert (found.state, found.message) == (FindingState.OK, "groq/large: tools yes, vision no, reasoning not known")
    refused = found_by_probing(Probed(provider="groq", model="large", refused="no key"))
    assert (refused.state, refused.hint) == (FindingState.WARNING, "try it: hr try --model groq")
