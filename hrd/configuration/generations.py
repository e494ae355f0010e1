"""Generations: each change of settings, credentials, model lists or accounts makes a new value that requests are served by."""

from collections.abc import Collection, Iterable

from hrd.configuration.assemble import Assembled, Demo, assemble
from hrd.configuration.live import Configuration
from hrd.core.remembered import AccountNamed, Discovered


class Generations:
    """Holds what is known besides the files, and counts."""

    def __init__(
        self, configuration: Configuration, discovered: Iterable[Discovered], accounts: Iterable[AccountNamed]
    ) -> None:
        self.discovered = {found.provider: found for found in discovered}
        self.demo: Demo | None = None
        """The demo providers, while they run."""
        self._accounts = {named.credential: named.account for named in accounts}
        self._configuration = configuration
        self._number = 0

    def next(self, listening_on: Collection[tuple[str, int]]) -> Assembled:
        """A new generation out of everything as it stands."""
        self._number += 1
        return assemble(
            catalogue_text=self._configuration.catalogue_text,
            settings=self._configuration.settings,
            auth=self._configuration.auth,
            discovered=self.discovered,
            accounts=self._accounts,
            listening_on=listening_on,
            demo=self.demo,
            generation=self._number,
            price_table=self._configuration.price_table,
            user_prices=self._configuration.user_prices,
        )

    def learn(self, found: Iterable[Discovered], named: Iterable[AccountNamed]) -> bool:
        """Model lists that were read, accounts that providers named; whether any of it is new."""
        is_new = False
        for models in found:
            self.discovered[models.provider] = models
            is_new = True
        for one in named:
            is_new = is_new or self._accounts.get(one.credential) != one.account
            self._accounts[one.credential] = one.account
        return is_new
