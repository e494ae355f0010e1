"""`hr doctor --probe`: one tiny request a provider, with a tool and a picture, tells what its first model can do.

The router learns tools and vision from the requests that pass through it, so all that is needed is such a request. A picture or
tools that are refused are left out of a second one. What was known to be missing is not asked for.
"""

from collections.abc import Iterator
from typing import Final

import msgspec

from hrctl.client import Client
from hrctl.endpoint import Endpoint
from hrctl.trial import Trial, try_out
from hrd.admin.wire.doctor import REASONING, Finding, FindingState, ReasoningFound
from hrd.admin.wire.models import MODELS, ModelRow, ModelsQuestion, ProviderModels

MAX_TOKENS: Final = 200
RED: Final = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC"
"""A PNG of one red pixel."""
TOOL: Final = {
    "type": "function",
    "function": {
        "name": "answer",
        "description": "Takes your answer.",
        "parameters": {"type": "object", "properties": {"word": {"type": "string"}}, "required": ["word"]},
    },
}


class Probed(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a provider's first model now."""

    provider: str
    model: str
    tools: bool | None = None
    vision: bool | None = None
    reasoning: bool | None = None
    requests: int = 0
    refused: str = ""


def to_probe(client: Client) -> list[tuple[str, ModelRow]]:
    """Provider and first model, of all that can be asked and of whose model something is not known."""
    found = client.ask(MODELS, ModelsQuestion()).value.providers
    firsts = [(one.provider, one.models[0]) for one in found if one.models]
    return [(provider, row) for provider, row in firsts if None in (row.tools, row.vision, row.reasoning)]


def probe(client: Client, endpoint: Endpoint, provider: str, row: ModelRow) -> Probed:
    """Ask, at most three times: whole, without what was refused, and without that too."""
    requests = 0
    trial: Trial | None = None
    known = row
    while requests < 3:
        asked = known
        trial = try_out(client, endpoint, _request(provider, asked))
        requests += 1
        known = _known(client, provider, row)
        if trial.is_good or (asked.tools, asked.vision) == (known.tools, known.vision):
            break
    assert trial is not None, "somebody was asked"
    if trial.is_good and known.reasoning is None:
        ask = ReasoningFound(provider=provider, model=row.name, reasoning=trial.reasoned)
        reasoning = client.ask(REASONING, ask).value.reasoning
        known = msgspec.structs.replace(known, reasoning=reasoning)
    return Probed(
        provider=provider,
        model=row.name,
        tools=known.tools,
        vision=known.vision,
        reasoning=known.reasoning,
        requests=requests,
        refused="" if trial.is_good else trial.text,
    )


def found_by_probing(probed: Probed) -> Finding:
    name = f"{probed.provider}/{probed.model}"
    if probed.refused:
        hint = f"try it: hr try --model {probed.provider}"
        return Finding(subject="probe", message=f"{name}: {probed.refused}", state=FindingState.WARNING, hint=hint)
    return Finding(subject="probe", message=f"{name}: {', '.join(_words(probed))}")


def _words(probed: Probed) -> Iterator[str]:
    said = {True: "yes", False: "no", None: "not known"}
    yield f"tools {said[probed.tools]}"
    yield f"vision {said[probed.vision]}"
    yield f"reasoning {said[probed.reasoning]}"


def _known(client: Client, provider: str, row: ModelRow) -> ModelRow:
    found: tuple[ProviderModels, ...] = client.ask(MODELS, ModelsQuestion(provider=provider)).value.providers
    return next((one for listed in found for one in listed.models if one.name == row.name), row)


def _request(provider: str, row: ModelRow) -> dict[str, object]:
    """What was not found to be missing goes in."""
    text = "Name the colour of the picture in one word." if row.vision is not False else "Name the colour of blood in one word."
    if row.tools is not False:
        text += " Call the tool answer with that word."
    content: list[dict[str, object]] = [{"type": "text", "text": text}]
    if row.vision is not False:
        content.append({"type": "image_url", "image_url": {"url": f"data:image/png;base64,{RED}"}})
    request: dict[str, object] = {
        "model": f"{provider}:{row.name}",
        "messages": [{"role": "user", "content": content if row.vision is not False else text}],
        "max_tokens": MAX_TOKENS,
    }
    if row.tools is not False:
        request["tools"] = [TOOL]
    return request
