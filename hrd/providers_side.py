"""The providers' side, built once: connections and attempts, logins, and what is looked up in the background."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

from hrd import __version__, bounds
from hrd.configuration.assemble import Assembled
from hrd.configuration.generations import Generations
from hrd.configuration.live import Configuration
from hrd.core import inquiries
from hrd.core.facts import LookedUp, SignedIn
from hrd.core.providers import Candidate, Credential, Provider
from hrd.core.remembered import Discovered
from hrd.core.secrets import scrub
from hrd.http.alarms import Alarms
from hrd.logbook import Logbook
from hrd.pool import Pool
from hrd.settings import Settings
from hrd.store.contract import Store
from hrd.upstream.accounts.accounts import Accounts
from hrd.upstream.accounts.keeping import RENEWED, Keeping
from hrd.upstream.accounts.renewal import Renewal
from hrd.upstream.accounts.server import LoginServer
from hrd.upstream.accounts.signing_in import SigningIn
from hrd.upstream.attempt import Attempts
from hrd.upstream.connections import Connections, Dialer
from hrd.upstream.general import General
from hrd.upstream.heads import Heads
from hrd.upstream.inquiring import Inquiries
from hrd.upstream.judging import Judge
from hrd.upstream.lookups import LookupFailed, ModelLookups
from hrd.upstream.proxies import Proxies, proxies_of
from hrd.upstream.sending import Sender
from hrd.upstream.trust import SystemTrust

USER_AGENT = f"hermes-router/{__version__}"


class ProvidersSide:
    """Whatever is asked of providers goes by way of it."""

    def __init__(
        self,
        configuration: Configuration,
        generations: Generations,
        assembled: Assembled,
        pool: Pool,
        store: Store,
        log: Logbook,
        *,
        alarms: Alarms,
        hop: str,
        signed_in: Callable[[], None],
        now: Callable[[], float],
    ) -> None:
        """*hop*: this process among those that a request may come by. *signed_in*: an account has another login now."""
        self._configuration = configuration
        self._generations = generations
        self._pool = pool
        self._store = store
        self._log = log
        self._signed_in = signed_in
        self._now = now
        settings = configuration.settings
        trust = SystemTrust()
        self.dialer = Dialer(trust)
        self._connections = Connections(limits=bounds.connection_limits(settings), connect=self.dialer.connect, alarms=alarms)
        self._heads = Heads(instance_id=hop, user_agent=USER_AGENT, forwarded=assembled.forwarded, proxies=self._proxies())
        self._sender = Sender(connections=self._connections, heads=self._heads, limits=bounds.send_limits(settings))
        general = General(hop=hop.encode(), user_agent=USER_AGENT, trust=trust, proxies=self._proxies)
        self._login_server = LoginServer(general, lambda: bounds.login_server_terms(configuration.settings), self.scrub)
        self.accounts = self._make_accounts()
        self._lookups = ModelLookups(
            general=general,
            passes=self.accounts,
            now=now,
            due=self._lists_due,
            models_max=lambda: configuration.settings.max_models_discovered,
        )
        self._inquiries = Inquiries(
            general=general,
            passes=self.accounts,
            now=now,
            due=self._inquiries_due,
            told=self._looked_up,
            not_told=self._not_told,
        )
        self.attempts = Attempts(
            connections=self._connections,
            sender=self._sender,
            judge=Judge(scrub=self.scrub, now=now),
            passes=self.accounts,
            error_bytes=settings.max_error_bytes,
            scrub=self.scrub,
        )

    def _make_accounts(self) -> Accounts:
        keeping = Keeping(self._configuration, self._now, self._account_told)
        folder = Path(self._configuration.places.auth_json).parent
        return Accounts(
            keeping,
            Renewal(keeping, self._login_server, folder, self._now),
            early_s=lambda: self._configuration.settings.codex_renew_seconds,
            now=self._now,
        )

    def signing_in(self) -> SigningIn:
        """The ways to a new account."""
        return SigningIn(
            self._login_server,
            within_s=lambda: self._configuration.settings.codex_login_seconds,
            ports=lambda: self._configuration.settings.codex_callback_ports,
            now=self._now,
        )

    def scrub(self, text: str) -> str:
        """*text* without any key or login."""
        return scrub(text, (*self._configuration.secrets(), *self.accounts.secrets()))

    def _proxies(self) -> Proxies:
        return proxies_of(self._configuration.settings)

    # changes while it lives ----------------------------------------------------------------------------------------------

    def changed(self, settings: Settings) -> None:
        """What begins from now on goes by *settings*."""
        self.accounts.take()
        self._connections.limits = bounds.connection_limits(settings)
        self._sender.limits = bounds.send_limits(settings)
        self.attempts.error_bytes = settings.max_error_bytes

    def adopt(self, assembled: Assembled) -> None:
        """Who is asked from now on, and with which of the clients' headers."""
        self._heads.renew(assembled.forwarded, self._proxies())
        self._lookups.look_again()
        self._inquiries.keep_only(assembled.roster.fingerprints)

    def drop_idle(self) -> None:
        """Trust no connection that is idle: the machine slept, or we stop."""
        self._connections.drop_idle()

    def drop_expired(self) -> None:
        """Close what has been idle for too long; called now and then."""
        self._connections.drop_expired()

    # in the background ---------------------------------------------------------------------------------------------------

    def look_ups(self, found: Callable[[list[Discovered]], None]) -> Sequence[Callable[[], Awaitable[None]]]:
        """What runs as long as there are new requests: lists of models are read, keys are asked what they have left."""
        return partial(self._lookups.run, found=found, failed=self._no_list), self._inquiries.run

    def _lists_due(self) -> list[tuple[Provider, Credential]]:
        now, roster, age_s = self._now(), self._pool.roster, self._configuration.settings.discovery_seconds
        due = []
        for name in roster.enabled:
            provider, known = roster.providers[name], self._generations.discovered.get(name)
            if provider.discover and (known is None or abs(now - known.at) >= age_s):  # a clock may have been ahead
                due.append((provider, roster.credentials[name][0]))
        return due

    def _no_list(self, failed: LookupFailed) -> None:
        self._log.debug("no list of models", provider=failed.provider, reason=failed.reason)

    def _inquiries_due(self, asked_at: Mapping[str, float]) -> list[Candidate]:
        now, every_s = self._now(), self._configuration.settings.lookup_seconds
        roster = self._pool.roster
        if not every_s or not any(roster.providers[name].look_ups for name in roster.enabled):
            return []
        snapshot = self._pool.snapshot(now)
        return inquiries.due(
            snapshot.roster,
            snapshot.selections,
            snapshot.book,
            snapshot.blocks,
            asked_at=asked_at,
            requested_at=self._pool.requested_at,
            every_s=every_s,
            now=now,
        )

    def _looked_up(self, fact: LookedUp) -> None:
        self._store.commit_nowait(self._pool.apply(fact, self._now()))

    def _not_told(self, candidate: Candidate, why: str) -> None:
        self._log.debug("not told what is left", credential=candidate.credential.fingerprint, reason=why)

    def _account_told(self, fingerprint: str, what: str) -> None:
        """The login of an account was renewed, or not."""
        if what != RENEWED:
            self._log.warning("login not renewed", credential=fingerprint, reason=what)
            return
        self._log.info("login renewed", credential=fingerprint)
        self._store.commit_nowait(self._pool.apply(SignedIn(credential=fingerprint), self._now()))
        self._signed_in()
