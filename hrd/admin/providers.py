"""The providers of the catalogue: what a key can be added for, and where keys come from."""

from hrd.admin.auth import held
from hrd.admin.wire.doctor import KnownProvider, KnownProviders
from hrd.configuration.live import Configuration
from hrd.core.catalogue import read_catalogue


def known_providers(configuration: Configuration) -> KnownProviders:
    """Those that can be asked, once they have a key; the demo's are not among them, nor those whose accounts sign in."""
    rows, _ = read_catalogue(configuration.catalogue_text, configuration.settings.provider_overrides)
    credentials = held(configuration)
    return KnownProviders(
        providers=tuple(
            KnownProvider(
                name=name,
                cost_class=row.cost_class,
                keys_at=row.keys_at,
                keyless=row.keyless,
                has_key=bool(credentials.get(name)),
                models=row.models,
            )
            for name, row in rows.items()
            if not (row.signs_in or row.retired)
        )
    )
