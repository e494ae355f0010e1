"""`hr model`: which models of a provider are asked."""

from collections.abc import Iterator
from typing import Final

import click

from hrctl.grammar import Command, InOrder, as_json
from hrctl.hindered import hindered
from hrctl.problems import Misused
from hrctl.render import Column, Paper, table
from hrctl.session import Session
from hrctl.words import clock, count, plain, sentence
from hrd.admin.wire.models import (
    MODELS,
    MODELS_RESET,
    MODELS_SET,
    ModelRow,
    Models,
    ModelsChange,
    ModelsChanged,
    ModelsQuestion,
    ModelsReset,
    ProviderModels,
)


@click.group(cls=InOrder)
def model() -> None:
    """List and choose the models of providers."""


@model.command("list", cls=Command, examples=("hr model list", "hr model list groq", "hr model list --json"))
@click.argument("provider", default="")
@as_json
@click.pass_obj
def list_(session: Session, provider: str, as_json: bool) -> None:
    """The models that are asked, in their order.

    For one PROVIDER also what else it offers. A model that cannot be asked now says why, and until when.
    """
    session.show(session.client.ask(MODELS, ModelsQuestion(provider=provider)), _listed, as_json)


_COLUMNS: Final = (
    Column("PROVIDER"),
    Column("#", right=True),
    Column("MODEL", shrinks=True),
    Column("CLASS"),
    Column("CONTEXT", right=True),
    Column("CAN"),
    Column("CHOSEN IN"),
    Column("NOTE", shrinks=True),
)


def _listed(found: Models, paper: Paper) -> str:
    return "\n".join(_listed_lines(found, paper))


def _listed_lines(found: Models, paper: Paper) -> Iterator[str]:
    rows = [_row(one, row, found.now) for one in found.providers for row in one.models]
    yield table(paper, _COLUMNS, rows) if rows else "No provider can be asked yet: add a key with hr auth add PROVIDER"
    if len(found.providers) == 1 and (read_at := found.providers[0].discovered_at) is not None:
        yield ""
        yield f"Its own list was read: {clock(read_at)}"
    if found.embeddings is not None:
        pair = f"{plain(found.embeddings.provider)}/{plain(found.embeddings.model)}"
        yield ""
        yield f"Embeddings: {pair}, since {clock(found.embeddings.since)}"


def _row(one: ProviderModels, row: ModelRow, now: float) -> list[str]:
    able = [word for word, known in (("tools", row.tools), ("images", row.vision), ("reasoning", row.reasoning)) if known]
    unable = [word for word, known in (("no tools", row.tools), ("no images", row.vision)) if known is False]
    context = count(row.context) if row.context is not None else ""
    place, source = (str(row.place), one.source) if row.place is not None else ("", "")
    note = hindered(row.reason, row.until, now)
    return [one.provider, place, row.name, row.cost_class, context, sentence(*able, *unable), source, note]


@model.command(
    "set", cls=Command, examples=("hr model set groq llama-3.3-70b-versatile", "hr model set gemini gemini-flash,gemini-pro")
)
@click.argument("provider")
@click.argument("models", nargs=-1, required=True, metavar="MODEL...")
@as_json
@click.pass_obj
def set_(session: Session, provider: str, models: tuple[str, ...], as_json: bool) -> None:
    """Choose the models of a provider, preferred first.

    They are asked from the next request on. The choice is written to .env, as <PROVIDER>_MODEL.
    """
    chosen = tuple(name.strip() for given in models for name in given.split(",") if name.strip())
    if not chosen:
        raise Misused("no model was named, nothing has changed", f"see what there is: hr model list {provider}")
    session.show(session.client.ask(MODELS_SET, ModelsChange(provider=provider, models=chosen)), _changed, as_json)


@model.command("reset", cls=Command, examples=("hr model reset groq", "hr model reset embeddings"))
@click.argument("provider", metavar="PROVIDER|embeddings")
@as_json
@click.pass_obj
def reset(session: Session, provider: str, as_json: bool) -> None:
    """Go back to the catalogue's choice of models.

    With embeddings in place of a provider, the embedding model is chosen anew. Vectors of two models do not mix: after reset
    embeddings what was embedded before has to be embedded again.
    """
    session.show(session.client.ask(MODELS_RESET, ModelsReset(provider=provider)), _changed, as_json)


def _changed(done: ModelsChanged, paper: Paper) -> str:
    name = plain(done.provider)
    if done.models:
        first = f"{name} is asked for {plain(', '.join(done.models))}" + (f" ({plain(done.source)})" if done.source else "")
    else:
        first = f"{name}: chosen anew at the next use"
    return "\n".join([first, *(paper.paint(f"warning: {plain(warning)}", "yellow") for warning in done.warnings)])
