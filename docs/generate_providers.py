"""Writes docs/providers.md from the catalogue: run it after changing hrd/core/catalogue.toml.

.venv/bin/python docs/generate_providers.py
"""

from collections.abc import Iterable, Mapping
from pathlib import Path

from hrd.core.catalogue import read_catalogue
from hrd.core.providers import Provider
from hrd.settings.keys import KEY_NAMES

HERE = Path(__file__).parent
CATALOGUE = HERE.parent / "hrd" / "core" / "catalogue.toml"
PAGE = HERE / "providers.md"

HEAD = """\
# Providers

<!-- Written by docs/generate_providers.py from hrd/core/catalogue.toml: change those. -->

What ships for each provider. Where a default differs from the original hermes-router, the notes say why, and since when
that is known.

- **Keys**: `hr auth add PROVIDER` asks for them. They may also stand in `.env` or the environment: `NAME`, a comma list
  in `NAMES` (with an S), more in `NAME_2`, `NAME_3` … Those of auth.json come first.
- **Models**: `hr model set PROVIDER MODEL[,MODEL…]`, or `<PROVIDER>_MODEL`.
- **Class**: what a reply costs: `local`, `free`, `subscription` or `paid`, asked in this order. It is that of an account
  without a payment method; `hr auth add --class` says otherwise for a key.
- Every field of the catalogue can be overridden in config.toml, every address by `<PROVIDER>_BASE_URL`:

```toml
[providers.groq]
skip_tokens_over = 0            # a paid plan takes large requests
quirks.drop = ["logit_bias"]    # lists are replaced, tables are merged
```
"""


def page(providers: Mapping[str, Provider]) -> str:
    """The whole page."""
    return "\n".join([HEAD, *_table(providers.values()), "", *(_section(each) for each in providers.values())])


def _table(providers: Iterable[Provider]) -> list[str]:
    rows = [
        f"| [{each.name}](#{each.name}) | {_class(each)} | {_code(each.models)} | {_code([each.embed_model])} |"
        for each in providers
    ]
    return ["| provider | class | default model | for embeddings |", "|---|---|---|---|", *rows]


def _class(provider: Provider) -> str:
    if provider.retired:
        return "retired"
    classes = {provider.class_of(model): None for model in provider.models} | {provider.cost_class: None}
    return ", others ".join(classes)


def _code(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names if name) or "–"


def _section(provider: Provider) -> str:
    facts = [f"Address: `{provider.base_url}`"]
    if names := KEY_NAMES.get(provider.name):
        facts.append(f"Key variables: {_code(names)}")
    if provider.keys_at:
        facts.append(f"Keys: <{provider.keys_at}>")
    return "\n".join([f"## {provider.name}", "", *(f"- {fact}" for fact in (*facts, *provider.notes)), ""])


def main() -> None:
    providers, problems = read_catalogue(CATALOGUE.read_text(encoding="utf-8"), {})
    assert not problems, problems
    PAGE.write_text(page(providers), encoding="utf-8")


if __name__ == "__main__":
    main()
