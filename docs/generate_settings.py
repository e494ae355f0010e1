"""Writes docs/settings.md from the tables of settings: run it after changing hrd/settings/names.py or keys.py.

.venv/bin/python -m docs.generate_settings
"""

import ast
from collections.abc import Iterator
from pathlib import Path

from hrd.settings.keys import KEY_NAMES, OTHERS_NAMES
from hrd.settings.names import CAPABILITIES, FORMER_NAMES, KEYS_NAME, NAMES, PROVIDER_NAMES, Name

HERE = Path(__file__).parent
CODE = HERE.parent / "hrd"
PAGE = HERE / "settings.md"

HEAD = """\
# Settings

<!-- Written by docs/generate_settings.py from hrd/settings/names.py and keys.py: change those. -->

None is needed. Where they may stand, what counts first coming first:

1. the daemon's process environment: `PORT=8320 hrd`
2. `.env`, a name and a value a line: `PORT=8320`
3. `config.toml`, under `[settings]`: `port = 8320`
4. the default

`hrd --check-config` says where the two files are looked for, lists everything that is wrong with them, and changes nothing.
A running daemon takes changes of the files within about two seconds (and at once with `kill -HUP`); running requests keep what
they began with. A file with a mistake in it changes nothing: the last good settings stay, and `hr status` says what is wrong.
`hr mode` and `hr model set` write to `.env` for you, and leave its comments and order alone.

An empty value is the same as none, except for lists and where the default is "none". Flags are `1` or `0` (also
`true`/`false`, `yes`/`no`, `on`/`off`)."""

SECTIONS = {
    "HOST": "The endpoint for clients",
    "ROTATION_MODE": "Choosing",
    "CODEX_AUTH_URL": "Accounts of ChatGPT (see [codex.md](codex.md))",
    "PROXY_LIMIT_RPM": "Ceilings of a client key, unless it has its own",
    "RETRY_BRAKE_REFUSALS": "Clients that send the same refused request again and again",
    "BREAKER_WINDOW": "When a provider is left alone, and when it is asked again",
    "CONNECT_SECONDS": "How long things may take",
    "MAX_CONNECTIONS": "Connections of clients",
    "MAX_BUFFERED_BYTES": "Connections to providers",
    "LEDGER_DAYS": "What is kept",
    "MAX_CONTROL_CONNECTIONS": "The daemon itself",
}
"""The first setting of each section of the table, and the section's heading."""

PROVIDERS_HEAD = """
## For each provider

`<PROVIDER>` is its name in capitals: `GROQ_MODEL`, `GITHUB_MODELS_BASE_URL`. The names are in [providers.md](providers.md).
Unset, the catalogue decides.
"""

MODELS_HEAD = """
The capabilities can be set for one model as well:
`<PROVIDER>_<MODEL>` and the suffix, the model in capitals and with `_` for everything that is neither a letter nor a digit:
`LOCAL_LLAMA3_1_8B_SUPPORTS_TOOLS=1`. Unset, they are those of the catalogue, or learned from what the model did.

`local` (a model server on your own machine, such as Ollama) is switched on by `LOCAL_BASE_URL` or `LOCAL_MODEL`, and needs no
key."""

KEYS_HEAD = """
## Keys

The best place for keys is auth.json, by `hr auth add PROVIDER`. They are also taken from `.env` and the environment: one in
`NAME`, several with commas between them in `NAMES` (with an S), more in `NAME_2`, `NAME_3` … Those of auth.json come first; the
same key counts once. None is taken from config.toml.

Keys in `.env` are only as safe as the file: `chmod 600` it, `hr status` warns otherwise. A key that is one of this router's own
client keys is never sent to a provider, and a base URL that leads back to this router switches its provider off: so
`OPENAI_BASE_URL` and `OPENAI_API_KEY`, set for your other programs, do no harm here.
"""


def page() -> str:
    """The whole page."""
    return "\n".join(
        [
            HEAD,
            *_table_of_all(without_effect()),
            PROVIDERS_HEAD,
            "| name | value | meaning |",
            "|---|---|---|",
            *(
                f"| `<PROVIDER>{each.suffix}` | {_cell(each.kind.accepted)} | {_cell(each.meaning)} |"
                for each in PROVIDER_NAMES
            ),
            MODELS_HEAD.replace(
                "The capabilities", "The capabilities (" + ", ".join(f"`{c.suffix}`" for c in CAPABILITIES) + ")"
            ),
            *_keys(),
            *_strangers(),
            "",
        ]
    )


def without_effect() -> frozenset[str]:
    """The settings that are read and checked, but that no line of the daemon looks at yet."""
    looked_at = {
        node.attr
        for path in CODE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute)
    }
    return frozenset(setting.name for setting in NAMES if setting.field not in looked_at)


def _table_of_all(idle: frozenset[str]) -> Iterator[str]:
    for setting in NAMES:
        if setting.name in SECTIONS:
            yield from (f"\n## {SECTIONS[setting.name]}\n", "| name | default | value | meaning |", "|---|---|---|---|")
        meaning = _cell(setting.meaning) + (
            " (kept for a later version: it changes nothing yet)" if setting.name in idle else ""
        )
        yield f"| `{setting.name}` | {_default(setting)} | {_cell(setting.kind.accepted)} | {meaning} |"
        if setting.name == "PORT":
            what = "keys that clients may show, beside those of auth.json"
            yield f"| `{KEYS_NAME}` | one, made at the first start | keys with commas between them | {what} |"


def _default(setting: Name) -> str:
    match setting.default:
        case None | ():
            return "none"
        case bool() as flag:
            return f"`{int(flag)}`"
        case float() as number:
            return f"`{number:.10g}`"
        case tuple() as several:
            return f"`{','.join(map(str, several))}`"
        case other:
            return f"`{other}`"


def _keys() -> Iterator[str]:
    yield from (KEYS_HEAD, "| provider | names |", "|---|---|")
    for provider, names in KEY_NAMES.items():
        forms = ", ".join(f"`{name}`, `{name}S`, `{name}_2` …" for name in names)
        yield f"| {provider} | {forms} |"


def _strangers() -> Iterator[str]:
    yield from ("", "Names of other programs that are not read, so that no key is spent where its owner did not say so:", "")
    yield from ("| not read | the name for it here |", "|---|---|")
    for theirs, ours in OTHERS_NAMES.items():
        yield f"| `{theirs}` | `{ours}` |"
    yield from ("", "Names of the original hermes-router that mean nothing here:", "", "| name | instead |", "|---|---|")
    for name, instead in FORMER_NAMES.items():
        yield f"| `{name}` | {_cell(instead)} |"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;") if "`" not in text else text.replace("|", "\\|")


def main() -> None:
    PAGE.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
