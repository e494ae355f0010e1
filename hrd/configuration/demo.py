"""The demo providers as rows of the catalogue, with credentials that open nothing."""

from collections.abc import Iterable

from hrd.configuration.assemble import Demo
from hrd.core.providers import CostClass, Credential, Provider
from hrd.core.secrets import Secret


def demo_of(addresses: Iterable[tuple[str, str, str]]) -> Demo:
    """*addresses*: (name, base URL, model) of each that runs."""
    providers: list[Provider] = []
    credentials: dict[str, tuple[Credential, ...]] = {}
    for name, base_url, model in addresses:
        key = Secret(f"demo-key-of-{name}", name)
        providers.append(
            Provider(
                name=name,
                base_url=base_url,
                models=(model,),
                embed_model=f"{model}-embeddings",
                cost_class="free",
                discover=False,
                demo=True,
            )
        )
        credentials[name] = (
            Credential(
                provider=name,
                fingerprint=key.fingerprint,
                secret=key,
                source="built in",
                cost_class=CostClass.FREE,
            ),
        )
    return Demo(providers=tuple(providers), credentials=credentials)
