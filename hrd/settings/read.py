"""Reading the settings: three layers are merged, every value is checked, and all that is wrong is said at once.

The process environment counts before `.env`, `.env` before `config.toml`, `config.toml` before the default. The first
layer that sets a name decides it, and an empty value sets nothing unless the setting may be empty.
"""

from collections.abc import Mapping
from typing import Any, Final

from hrd.core.nearest import nearest
from hrd.settings.dotenv_text import LINE_CHARS_MAX, has_endless_line, read_dotenv
from hrd.settings.keys import OTHERS_NAMES, key_names, key_provider, read_client_keys, read_keys
from hrd.settings.kinds import Rejected
from hrd.settings.model import ProviderSettings, Settings
from hrd.settings.names import BY_NAME, FORMER_NAMES, KEYS_NAME, NAMES, Name
from hrd.settings.problems import HIDDEN, Problem, Problems, Source, shown
from hrd.settings.providers import Variables, place_of, provider_setting_names, read_providers
from hrd.settings.proxies import LOWER_CASE, PROXY_NAMES, SPOKEN, ProxyUrl, unspoken
from hrd.settings.structured import Structured, read_structured
from hrd.settings.urls import sends_in_clear

STRANGERS_MAX: Final = 100
"""Unknown names in `.env` that are looked at for typing mistakes."""

NOT_ABOVE: Final = (
    ("PROBE_SECONDS", "PROBE_MAX_SECONDS"),
    ("BREAKER_MIN_SAMPLES", "BREAKER_WINDOW"),
    ("MAX_WAIT_SECONDS", "DEADLINE_SECONDS"),
    ("MAX_REQUEST_BYTES", "MAX_BUFFERED_BYTES"),
    ("MAX_REPLY_BYTES", "MAX_BUFFERED_BYTES"),
    ("MAX_REQUEST_LINE_BYTES", "MAX_HEAD_BYTES"),
)
"""Pairs of which the first cannot be more than the second."""


def read_settings(environ: Mapping[str, str], dotenv_text: str | None, toml_text: str | None) -> Settings | Problems:
    """The settings out of the process environment, `.env` and `config.toml` (None: there is no such file)."""
    problems: list[Problem] = []
    warnings: list[str] = []
    structured = read_structured(toml_text or "", problems)
    dotenv = _read_dotenv_layer(dotenv_text or "", problems, warnings)
    variables = _merged({"environment": environ, ".env": dotenv, "config.toml": structured.settings})
    values = {setting.field: _value_of(setting, variables, problems) for setting in NAMES}
    providers = read_providers(variables, problems, warnings)
    keys, odd_keys = read_keys(variables)
    client_keys, odd_client_keys = read_client_keys(variables)
    warnings += odd_keys + odd_client_keys + _in_clear(providers)
    problems += _contradictions(values, variables)
    problems += _unspoken_proxies(values, variables)
    if problems:
        return Problems(tuple(problems), tuple(warnings), structured.provider_overrides)
    return Settings(
        **values,
        proxy_api_keys=client_keys,
        keys=keys,
        providers=providers,
        provider_overrides=structured.provider_overrides,
        local_enabled=_is_local_enabled(variables, structured),
        origins={name: source for name, (_, source) in variables.items()},
        warnings=tuple(warnings),
    )


def is_ours(name: str) -> bool:
    """Whether a variable of this name is one of our settings or holds keys for us."""
    return (
        name in BY_NAME
        or name in LOWER_CASE
        or name == KEYS_NAME
        or place_of(name) is not None
        or key_provider(name) is not None
    )


def _merged(layers: dict[Source, Mapping[str, str]]) -> Variables:
    """Each of our names that is set, with the value that counts and the layer it stands in."""
    variables: dict[str, tuple[str, Source]] = {}
    for source, layer in layers.items():
        for written, value in sorted(layer.items(), key=lambda item: item[0] not in LOWER_CASE):  # these count before
            name, text = LOWER_CASE.get(written, written), value.strip()
            if name not in variables and is_ours(name) and (text or _may_be_empty(name)):
                variables[name] = (text, source)
    return variables


def _may_be_empty(name: str) -> bool:
    if name in BY_NAME:
        return BY_NAME[name].may_be_empty
    place = place_of(name)
    return name == KEYS_NAME or (place is not None and place.entry.may_be_empty)


def _value_of(setting: Name, variables: Variables, problems: list[Problem]) -> Any:
    text, source = variables.get(setting.name, ("", "default"))
    if not text:
        return setting.default
    value = setting.kind.parse(text)
    if isinstance(value, Rejected):
        is_secret = isinstance(setting.kind, ProxyUrl)
        problems.append(Problem(setting.name, HIDDEN if is_secret else shown(text), setting.kind.accepted, source))
        return setting.default
    return value


def _unspoken_proxies(values: dict[str, Any], variables: Variables) -> list[Problem]:
    found = unspoken({name: values[name.lower()] for name in PROXY_NAMES})
    return [Problem(name, f"{scheme}://…", SPOKEN, variables[name][1]) for name, scheme in found.items()]


def _contradictions(values: dict[str, Any], variables: Variables) -> list[Problem]:
    """Pairs of settings that cannot both be meant, told of the one that was set."""
    found: list[Problem] = []
    for low, high in NOT_ABOVE:
        least, most = values[low.lower()], values[high.lower()]
        if least <= most:
            continue
        if low in variables:
            text, source = variables[low]
            found.append(Problem(low, shown(text), f"at most {high}, which is {most:.10g}", source))
        else:
            text, source = variables[high]
            found.append(Problem(high, shown(text), f"at least {low}, which is {least:.10g}", source))
    return found


def _read_dotenv_layer(text: str, problems: list[Problem], warnings: list[str]) -> Mapping[str, str]:
    if has_endless_line(text):
        problems.append(Problem(".env", None, f"lines of at most {LINE_CHARS_MAX} characters", ".env"))
        return {}
    dotenv = read_dotenv(text)
    for damaged in dotenv.damaged:
        if damaged.name and is_ours(damaged.name):
            line = f"line {damaged.line}"
            accepted = f"a quote is open in {line}: close it" if damaged.is_quote_open else f"{line} is not NAME=value"
            problems.append(Problem(damaged.name, None, accepted, ".env"))
        else:
            warnings.append(f".env, line {damaged.line}, cannot be read: nothing on it counts")
    warnings += [f"{name} stands more than once in .env: the last one counts" for name in dotenv.repeated if is_ours(name)]
    warnings += _strangers(dotenv.values)
    return dotenv.values


def _strangers(values: Mapping[str, str]) -> list[str]:
    """Names in `.env` that are none of ours but look as if they were meant to be."""
    known = (*BY_NAME, KEYS_NAME, *provider_setting_names(), *key_names())
    warnings: list[str] = []
    for name in [name for name in values if not is_ours(name)][:STRANGERS_MAX]:
        if name in FORMER_NAMES:
            warnings.append(f"{name} in .env has no meaning here: {FORMER_NAMES[name]}")
        elif name in OTHERS_NAMES:
            warnings.append(f"{name} in .env is not read: the name for such a key is {OTHERS_NAMES[name]}")
        elif meant := nearest(name, known):
            warnings.append(f"{shown(name)} in .env is not a setting: did you mean {meant}?")
    return warnings


def _in_clear(providers: Mapping[str, ProviderSettings]) -> list[str]:
    return [
        f"{name.upper()}_BASE_URL is not https: keys and requests can be read on their way"
        for name, provider in providers.items()
        if provider.base_url and name != "local" and sends_in_clear(provider.base_url)
    ]


def _is_local_enabled(variables: Variables, structured: Structured) -> bool:
    here = structured.provider_overrides.get("local", {})
    return bool({"LOCAL_BASE_URL", "LOCAL_MODEL"} & set(variables)) or bool({"base_url", "models"} & set(here))
