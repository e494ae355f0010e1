"""config.toml: `[settings]` with simple settings by their names, `[providers.<name>]` with fields of the catalogue."""

import tomllib
from typing import Final

import msgspec

from hrd.core.aliases import PROVIDERS, provider_suggested
from hrd.core.nearest import nearest
from hrd.core.nesting import is_too_deep
from hrd.settings.keys import key_provider
from hrd.settings.names import BY_NAME, KEYS_NAME
from hrd.settings.problems import HIDDEN, Problem, Source, shown
from hrd.settings.providers import place_of, provider_setting_names

TABLES: Final = ("settings", "providers")
_HERE: Final[Source] = "config.toml"
_REASON_CHARS_MAX: Final = 160
"""Where it is wrong stands at the end of it."""


class Structured(msgspec.Struct, frozen=True):
    """What config.toml says: settings as text, by name, and the catalogue's fields by provider."""

    settings: dict[str, str] = {}
    provider_overrides: dict[str, dict[str, object]] = {}


def read_structured(text: str, problems: list[Problem]) -> Structured:
    """What *text* says; what is wrong with it is added to *problems*."""
    try:
        document = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        reason = str(error) if isinstance(error, ValueError) else "nested too deep"
        problems.append(Problem(_HERE, None, f"this is not valid TOML: {shown(reason, _REASON_CHARS_MAX)}", _HERE))
        return Structured()
    if is_too_deep(document):
        problems.append(Problem(_HERE, None, "tables that are not nested deeper than anybody needs", _HERE))
        return Structured()
    strangers = [name for name in document if name not in TABLES]
    problems += [Problem(shown(name), None, _where_it_belongs(name), _HERE) for name in strangers]
    return Structured(
        _settings(_table(document, "settings", problems), problems),
        _overrides(_table(document, "providers", problems), problems),
    )


def _table(document: dict[str, object], name: str, problems: list[Problem]) -> dict[str, object]:
    table = document.get(name, {})
    if isinstance(table, dict):
        return table
    problems.append(Problem(name, shown(table), f"a table: [{name}]", _HERE))
    return {}


def _settings(table: dict[str, object], problems: list[Problem]) -> dict[str, str]:
    settings: dict[str, str] = {}
    for spelled, value in table.items():
        name = spelled.upper()
        if name == KEYS_NAME or key_provider(name):
            problems.append(Problem(name, HIDDEN, "keys belong into auth.json (`hr auth add`) or .env", _HERE))
        elif name not in BY_NAME and place_of(name) is None:
            problems.append(Problem(shown(spelled), None, _no_such_setting(name), _HERE))
        elif name in settings:
            problems.append(Problem(shown(spelled), shown(value), "one value; the name stands here twice", _HERE))
        elif (text := _as_text(value)) is None:
            problems.append(Problem(shown(spelled), shown(value), "text, a number, true, false or a list of texts", _HERE))
        else:
            settings[name] = text
    return settings


def _overrides(table: dict[str, object], problems: list[Problem]) -> dict[str, dict[str, object]]:
    overrides: dict[str, dict[str, object]] = {}
    for name, fields in table.items():
        if name not in PROVIDERS:
            meant = provider_suggested(name)
            accepted = f"did you mean {meant}?" if meant else f"one of {', '.join(PROVIDERS)}"
            problems.append(Problem(f"providers.{shown(name)}", None, accepted, _HERE))
        elif not isinstance(fields, dict):
            problems.append(Problem(f"providers.{name}", shown(fields), f"a table: [providers.{name}]", _HERE))
        else:
            overrides[name] = fields
    return overrides


def _as_text(value: object) -> str | None:
    """A TOML value as it would be written in `.env`."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return value
    if isinstance(value, int):
        return str(value) if abs(value) < 10**18 else "too large"
    if isinstance(value, float):
        return format(value, "f")
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return ",".join(value)
    return None


def _where_it_belongs(name: str) -> str:
    if name.upper() in BY_NAME or place_of(name.upper()):
        return "belongs under [settings]"
    if name in PROVIDERS:
        return f"belongs into [providers.{name}]"
    return f"the tables here are {' and '.join(f'[{table}]' for table in TABLES)}"


def _no_such_setting(name: str) -> str:
    meant = nearest(name, (*BY_NAME, *provider_setting_names()))
    return f"no such setting; did you mean {meant}?" if meant else "no such setting"
