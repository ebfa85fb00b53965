"""The service: starts and stops all listeners of a `Config`.

Either all listeners are open after the start, or none: a failed start closes those
that it opened. When the service stops, pending replies are sent, and connections that
do not end in time are aborted.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import AsyncIterator, Callable
from functools import partial
from typing import Any

import attrs
import orjson
from twisted.application.service import Service
from twisted.internet.defer import Deferred, DeferredList, maybeDeferred
from twisted.internet.error import CannotListenError
from twisted.internet.threads import deferToThreadPool
from twisted.logger import Logger
from twisted.protocols.tls import TLSMemoryBIOFactory
from twisted.python.failure import Failure

from mocksmtp.activity import ActivityLog, query_logger, request_logger
from mocksmtp.aging import MailAging
from mocksmtp.archive import MailFiles
from mocksmtp.config import Config
from mocksmtp.dns.evaluation import evaluate_dns
from mocksmtp.dns.listen import adopt
from mocksmtp.dns.listen import listen as listen_dns
from mocksmtp.dns.server import DNSFactory
from mocksmtp.documents.problems import DocumentError
from mocksmtp.events import EventBus
from mocksmtp.hosting import Hosting
from mocksmtp.hosts.host import HostStart, MailHost
from mocksmtp.hosts.listeners import Inherited
from mocksmtp.http.context import HttpSettings, ServiceInfo
from mocksmtp.listening import (
    LateFactory,
    Listener,
    ListenError,
    TrackedFactory,
    listen_stream,
    parse_endpoint,
    reachable,
)
from mocksmtp.logs import Level, Log
from mocksmtp.mail.quota import Quota
from mocksmtp.mail.refused import RefusedContents
from mocksmtp.mock import Mock
from mocksmtp.persistence.keeper import PERIOD, Named, StateKeeper
from mocksmtp.sessions.journal import Journal, JournalQuota
from mocksmtp.shared_events import COMMAND, SharedEventBus
from mocksmtp.smtp.evaluation import evaluate_smtp
from mocksmtp.store.interface import (
    Kind,
    MaybeLater,
    Restored,
    Store,
    StoreError,
    awaited,
)
from mocksmtp.store.opening import make_store
from mocksmtp.store.worker import Ticker
from mocksmtp.tls.authority import Authority, CertificateError
from mocksmtp.tls.contexts import ServerContexts
from mocksmtp.tls.identity import CertificateFacts, Identity, associated, facts_of
from mocksmtp.tls.naming import NamedContexts
from mocksmtp.tls.settings import GivenCertificate, TlsSettings
from mocksmtp.tls.store import CertificateTexts
from mocksmtp.zone.answer import Rcode
from mocksmtp.zone.queries import DnsExchange
from mocksmtp.zone.rdata import TLSA, HostTLSA
from mocksmtp.zone.records import check_hosts, host_references
from mocksmtp.zone.zone import Zone

StartError = ListenError


class MockService(Service):
    """
    The mock with its listeners.

    :param lines: the log of the service, or None
    :param on_failure: called with the error if the start fails after `open` returned,
        because some kinds of endpoints open only when the reactor runs

    :ivar mock: the hosts and the zone
    """

    name = "mocksmtp"
    log = Logger()

    def __init__(
        self,
        config: Config,
        reactor: Any,
        lines: Log | None = None,
        on_failure: Callable[[Exception], None] | None = None,
    ) -> None:
        if config.addresses_file is not None:
            _prepare_addresses_file(config.addresses_file)
        _check_endpoints(config, reactor)
        store, self._restored = _open_store(config, reactor)
        if store.keeps_state:
            config = _with_persistent(config)
        self.mock = _make_mock(config, store)
        self._authority = _make_authority(config.state_dir)
        _check_certificates(config)
        _check_records(config, self.mock)
        self.mock.make_tlsa = self._make_tlsa
        self.mock.find_certificate = self._find_certificate
        self.mock.evaluate = evaluate_smtp
        self.mock.evaluate_query = evaluate_dns
        contexts = ServerContexts(self._authority)
        self._hosting = Hosting(self.mock, config.plans, reactor, contexts)
        self._keeper = StateKeeper(
            self.mock,
            store,
            reactor,
            _named_in(config),
            self._hosting.number_sessions_after,
            Ticker(reactor, PERIOD).start,
        )
        if self._keeper.sharing is not None:
            readers = self._keeper.sharing.certificate_readers
            readers.append(self._authority.adopt)
        self._contexts = contexts
        self._info = ServiceInfo(reactor.seconds())
        self._config = config
        self._reactor = reactor
        self._listeners: list[tuple[str, Listener]] = []
        self._opening: Deferred[None] | None = None
        self._is_open = self._is_started = self._is_announced = False
        self._lines = lines
        self._on_failure = on_failure
        self._activity = None
        if lines is not None:
            self._activity = ActivityLog(self.mock, lines, reactor)
        self._files = _make_files(config, self.mock, reactor)
        self._info.archive = self._files
        self._aging = None
        if config.max_age is not None:
            self._aging = MailAging(self.mock, reactor, config.max_age)

    @property
    def reactor(self) -> Any:
        """The reactor in which it runs."""
        return self._reactor

    def _in_thread(self, work: Callable[..., Any], *arguments: Any) -> Deferred[Any]:
        """Call a function in a thread of the reactor."""
        pool = self._reactor.getThreadPool()
        return deferToThreadPool(self._reactor, pool, work, *arguments)

    @property
    def addresses(self) -> dict[str, list[str]]:
        """The bound addresses: ``smtp``, ``smtp.mx2`` and so on, ``http``, ``dns``."""
        return {**self.mock.addresses, **self._other_addresses}

    @property
    def _other_addresses(self) -> dict[str, list[str]]:
        addresses: dict[str, list[str]] = {}
        for name, listener in self._listeners:
            addresses.setdefault(name, []).append(listener.address)
        return addresses

    def _make_tlsa(self, host: MailHost, wanted: HostTLSA) -> TLSA | None:
        """The TLSA record of a host's certificate; None if it has no certificate."""
        identity = self._identity_of(host, "No TLSA record of {host}: {error}")
        return None if identity is None else associated(wanted, identity)

    def _find_certificate(self, host: MailHost) -> CertificateFacts | None:
        """The facts of a host's certificate; None if it has no certificate."""
        identity = self._identity_of(host, "No certificate of {host}: {error}")
        return None if identity is None else facts_of(identity)

    def _identity_of(self, host: MailHost, error_line: str) -> Identity | None:
        assert host.tls is not None
        names = host.certificate_names
        try:
            return self._authority.identity(host.tls.certificate, names)
        except CertificateError as error:
            self.log.error(error_line, host=host.name, error=error)
            return None

    def privilegedStartService(self) -> None:
        """
        Open all listeners while the process may still open low ports.

        :raises ListenError: a listener cannot be opened
        """
        super().privilegedStartService()  # type: ignore[no-untyped-call]
        self._is_started = True
        self.open()
        self._announce()

    def startService(self) -> None:
        """
        Open all listeners, unless they are open.

        :raises ListenError: a listener cannot be opened
        """
        super().startService()  # type: ignore[no-untyped-call]
        self._is_started = True
        self.open()
        self._announce()

    def stopService(self) -> Deferred[Any]:
        """Close all listeners; fires when all connections are closed."""
        super().stopService()  # type: ignore[no-untyped-call]
        was_announced, self._is_announced = self._is_announced, False
        self._is_open = self._is_started = False
        if was_announced:
            self._remove_addresses_file()
        # Replies that wait for the store are sent before the connections are closed.
        stopping = _deferred(self.mock.store.flush)
        stopping.addErrback(_ignore_store_errors)
        stopping.addCallback(lambda _: self._close())
        if self._files is not None:
            files = self._files
            stopping.addCallback(lambda _: files.stop())
        stopping.addCallback(lambda _: _deferred(self._keeper.stop))
        if was_announced:
            stopping.addCallback(self._stopped)
        return stopping

    def _close(self) -> Deferred[Any]:
        listeners, self._listeners = self._listeners, []
        self._opening = None
        if self._aging is not None:
            self._aging.stop()
        stopping = [listener.stop() for _, listener in listeners]
        return DeferredList([*stopping, self._hosting.stop()])

    def _stopped(self, result: object) -> object:
        if self._activity is not None:
            self._activity.flush()
        if self._lines is not None:
            self._lines.log(Level.INFO, "Mock SMTP server stopped")
        return result

    def open(self) -> None:
        """
        Open all listeners, unless they are open, before the service is started.

        :raises ListenError: a listener cannot be opened
        """
        if self._opening is not None:
            return
        self._opening = Deferred.fromCoroutine(self._open())
        # Nearly always it has finished by now, and its error can be raised here.
        errors: list[Exception] = []
        self._opening.addErrback(_collect_into(errors))
        if errors:
            raise errors[0]
        self._opening.addCallback(lambda _: self._fail(*errors))

    def _fail(self, *errors: Exception) -> None:
        """Report errors of a start that failed after `open` returned."""
        for error in errors:
            if self._on_failure is not None:
                self._on_failure(error)
            else:
                self.log.critical("Can't start: {error}", error=error)
                self._reactor.stop()

    async def started(self) -> None:
        """Wait until all listeners are open."""
        if self._opening is not None:
            await self._opening

    async def _open(self) -> None:
        try:
            await self._restore()
            async for name, listener in self._open_each():
                self._listeners.append((name, listener))
        except Exception:
            # Not awaited, because the reactor may never run.
            self._close()
            _deferred(self.mock.store.close).addErrback(_ignore_store_errors)
            raise
        # Without those of the hosts, which change and are added to each response.
        self._info.addresses = self._other_addresses
        self._is_open = True
        if self._aging is not None:
            self._aging.start()
        if self.mock.store.keeps_state:
            self._keeper.start()
        self._announce()

    async def _restore(self) -> None:
        """
        Open the listeners of the hosts, and restore what the store contains.

        :raises ListenError: a listener cannot be opened, or the store cannot be used
        """
        store, restored = self.mock.store, self._restored
        try:
            if not isinstance(restored, Restored):
                restored = await restored
            if store.keeps_state and self._config.state_dir is None:
                texts = restored.state.get(Kind.CERTIFICATE, {})
                self._authority.store_in(
                    CertificateTexts(texts, self._save_certificate)
                )
            await self._hosting.start()
            await self._keeper.restore(restored, self._hosting, self._agree)
        except (StoreError, CertificateError) as error:
            raise StartError(f"--store: {error}") from None

    def _agree(self) -> None:
        """Adopt what all replicas share; no other replica changes it meanwhile."""
        sharing = self._keeper.sharing
        if self.mock.store.keeps_state:
            _ = self._authority.root_pem
        if sharing is None:
            return
        sharing.issue_certificates()
        self._info.deployment = sharing.agree_on("instance", self._info.instance)
        names = sorted(plan.description.name for plan in self._config.plans)
        others = sharing.agree_on("hosts", names)
        if others != names:
            self.log.warn(
                "The configuration has the hosts {names}, that of the other replicas"
                " {others}; hosts with listeners must be the same on all replicas",
                names=", ".join(names),
                others=", ".join(others),
            )

    def _save_certificate(self, name: str, text: str) -> None:
        sharing = self._keeper.sharing
        if sharing is not None and not sharing.in_turn:
            # Another replica may store one, too; this one is used until then.
            return
        self.mock.store.save([((Kind.CERTIFICATE, name), text)])

    def _announce(self) -> None:
        """Report the start, once all listeners are open and the service is started."""
        if self._is_announced or not (self._is_open and self._is_started):
            return
        self._is_announced = True
        addresses = self.addresses
        if self._config.addresses_file is not None:
            self._write_addresses_file(self._config.addresses_file)
        if self._lines is not None:
            if self._keeper.summary is not None:
                restored = f"Restored from {self._config.store}: {self._keeper.summary}"
                self._lines.log(Level.INFO, restored)
            sharing = self._keeper.sharing
            if sharing is not None:
                replicas, store = sharing.replicas, self._config.store
                others = ", ".join(sorted(replicas.others)) or "none"
                shared = f"Replica {replicas.name} shares {store}; others: {others}"
                self._lines.log(Level.INFO, shared)
            shown = " ".join(
                f"{name}={','.join(bound)}" for name, bound in addresses.items()
            )
            self._lines.announce(
                f"Mock SMTP server started {shown}", addresses=addresses
            )

    def _write_addresses_file(self, path: str) -> None:
        """
        Write the addresses file atomically.

        :raises StartError: the file cannot be written
        """
        addresses = self.addresses
        http = addresses.get("http")
        document = {
            "addresses": addresses,
            "url": None if http is None else f"http://{reachable(http[0])}",
            "pid": os.getpid(),
            "instance": self._info.instance,
        }
        temporary = f"{path}.{os.getpid()}.tmp"
        try:
            with open(temporary, "wb") as file:
                file.write(orjson.dumps(document, option=orjson.OPT_APPEND_NEWLINE))
            os.replace(temporary, path)
        except OSError as error:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
            self._close()
            raise StartError(f"--addresses-file: {path}: {error.strerror}") from None

    def _remove_addresses_file(self) -> None:
        """Remove the file, unless another service has written it since."""
        path = self._config.addresses_file
        if path is None:
            return
        with contextlib.suppress(OSError, ValueError, TypeError, KeyError):
            with open(path, "rb") as file:
                written = orjson.loads(file.read())
            if written["instance"] == self._info.instance:
                os.unlink(path)

    async def _open_each(self) -> AsyncIterator[tuple[str, Listener]]:
        config, reactor = self._config, self._reactor
        bus = self._make_bus()
        if config.http is not None:
            answered = None if self._lines is None else request_logger(self._lines)
            settings = HttpSettings(
                config.mail_shape,
                config.http_hosts,
                config.token,
                cors_origins=config.cors_origins,
                stand_ins=config.stand_ins,
            )

            def make_api() -> Any:
                # A third of the start, and 14 MiB.
                from mocksmtp.http.site import make_site

                return make_site(
                    self.mock,
                    reactor,
                    settings,
                    self._info,
                    self._in_thread,
                    hosts=self._hosting,
                    bus=bus,
                    root_pem=lambda: self._authority.root_pem,
                    check_certificate=check_certificate,
                    answered=answered,
                    stored=self._keeper.stored,
                    sharing=self._keeper.sharing,
                )

            site = self._late_site("mocksmtp.http.site", make_api)
            yield "http", await listen_stream(reactor, config.http, site, site)
        if config.https is not None:
            yield "https", await self._open_policy_hosts(config.https)
        query_line = None
        if self._lines is not None and self._lines.level <= Level.DEBUG:
            query_line = query_logger(self._lines)
        for where in config.dns:
            factory = DNSFactory(
                lambda: self.mock.served,
                reactor,
                counts=self.mock.queries,
                log=self.mock.query_log,
                behaviors=self.mock.dns_behaviors,
            )
            factory.on_exchange = partial(_report_query, bus, query_line)
            try:
                if isinstance(where, Inherited):
                    yield "dns", adopt(reactor, where, factory)
                else:
                    yield "dns", await listen_dns(reactor, *where, factory)
            except CannotListenError as error:
                raise ListenError.of(error) from None

    def _late_site(self, module: str, make: Callable[[], Any]) -> TrackedFactory:
        """
        A site that is made when its first client connects.

        :param module: what `make` imports
        """

        def call(function: Callable[[], Any]) -> Deferred[Any]:
            # Only the first service of a process needs a thread: to import.
            if module in sys.modules:
                return maybeDeferred(function)
            return self._in_thread(function)

        return TrackedFactory(LateFactory(make, call))

    def _make_bus(self) -> EventBus:
        sharing = self._keeper.sharing
        if sharing is None:
            return EventBus(self.mock, self._reactor.seconds)
        bus = SharedEventBus(self.mock, self._reactor, sharing.replicas)
        sharing.commands[COMMAND] = bus.record_for
        sharing.event_readers.append(bus.arrived)
        return bus

    async def _open_policy_hosts(self, endpoint: str) -> Listener:
        def make_policies() -> Any:
            from mocksmtp.http.policy_host import make_policy_site

            return make_policy_site(self.mock, self._reactor)

        site = self._late_site("mocksmtp.http.policy_host", make_policies)
        named = NamedContexts(self._contexts, partial(_policy_tls, self.mock))
        factory = TLSMemoryBIOFactory(named, False, site, self._reactor)
        factory.noisy = False
        return await listen_stream(self._reactor, endpoint, factory, site)


def _policy_tls(mock: Mock, name: str) -> TlsSettings | None:
    """The TLS settings for the name of a policy host, or None."""
    policy = mock.policy_of(name)
    return None if policy is None else TlsSettings(certificate=policy.certificate)


def _report_query(
    bus: EventBus,
    query_line: Callable[..., None] | None,
    exchange: DnsExchange,
    transport: str,
    client_ip: str,
    behavior: str | None,
) -> None:
    rcode = None if exchange.reply is None else exchange.reply.rcode
    bus.query(exchange.question, rcode, transport, client_ip, behavior)
    if query_line is not None:
        query_line(exchange.question, rcode, transport, client_ip)


def _collect_into(errors: list[Exception]) -> Callable[[Failure], None]:
    def collect(failure: Failure) -> None:
        assert isinstance(failure.value, Exception)
        errors.append(failure.value)

    return collect


def make_service(
    config: Config,
    reactor: Any,
    lines: Log | None = None,
    on_failure: Callable[[Exception], None] | None = None,
) -> MockService:
    """
    Create the service; nothing is opened before it is started.

    :param lines: the log of the service, or None
    :raises ListenError: an endpoint or a certificate is invalid
    """
    return MockService(config, reactor, lines, on_failure)


def _make_files(config: Config, mock: Mock, reactor: Any) -> MailFiles | None:
    """
    What writes mails to the directory of ``--eml-dir``, or None without one.

    :raises StartError: no file can be written there
    """
    if config.eml_dir is None:
        return None
    files = MailFiles(mock, config.eml_dir, reactor)
    try:
        files.check()
    except OSError as error:
        raise StartError(f"--eml-dir: {config.eml_dir}: {error.strerror}") from None
    return files


def _check_endpoints(config: Config, reactor: Any) -> None:
    """Refuse invalid endpoints, with the name of their option."""
    asked = [("--smtp", one) for plan in config.plans for one in plan.endpoints or ()]
    for option, endpoint in (
        *asked,
        ("--http", config.http),
        ("--https", config.https),
    ):
        if endpoint is not None:
            try:
                parse_endpoint(reactor, endpoint)
            except ListenError as error:
                raise StartError(f"{option}: {error}") from None


def _prepare_addresses_file(path: str) -> None:
    """Remove a stale file, and check that a new one can be written."""
    temporary = f"{path}.{os.getpid()}.tmp"
    try:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)
        with open(temporary, "wb"):
            os.unlink(temporary)
    except OSError as error:
        raise StartError(f"--addresses-file: {path}: {error.strerror}") from None


def _make_authority(state_dir: str | None) -> Authority:
    """The certificate authority; an unusable directory is reported first."""
    authority = Authority(state_dir)
    if state_dir is not None:
        try:
            _ = authority.root_pem
        except CertificateError as error:
            raise StartError(f"--state-dir: {error}") from None
    return authority


def check_certificate(certificate: GivenCertificate) -> None:
    """
    See whether there could be TLS with a certificate; may be called in a thread.

    :raises ValueError: there could be none
    """
    # An authority of its own, for the service's keeps what it has seen.
    settings = TlsSettings(certificate=certificate)
    ServerContexts(Authority()).context(settings, ())


def _check_certificates(config: Config) -> None:
    """Refuse those of the configuration that can't be used."""
    for plan in config.plans:
        match plan.description.tls:
            case TlsSettings(certificate=GivenCertificate() as certificate):
                try:
                    check_certificate(certificate)
                except ValueError as error:
                    where = f"host {plan.description.name!r}: tls.certificate"
                    raise StartError(f"{where}: {error}") from None


def _check_records(config: Config, mock: Mock) -> None:
    """Refuse records that are to be made from a host which has no certificate."""
    try:
        check_hosts(
            host_references(config.records, "dnsRecords[{0}].fromHost"), mock.hosts
        )
    except DocumentError as error:
        problem = error.problems[0]
        raise StartError(f"{problem.path}: {problem.message}") from None


def _open_store(config: Config, reactor: Any) -> tuple[Store, MaybeLater[Restored]]:
    """
    Open the store.

    :raises StartError: it cannot be used
    """
    quota = Quota(config.max_mails, config.max_bytes)
    store = make_store(config.store, quota, reactor, config.store_wait)
    try:
        return store, store.open()
    except StoreError as error:
        raise StartError(f"--store: {error}") from None


def _with_persistent(config: Config) -> Config:
    """The configuration with persistent behaviors: the store keeps them."""

    def kept(start: HostStart) -> HostStart:
        behaviors = tuple(attrs.evolve(b, persistent=True) for b in start.behaviors)
        return attrs.evolve(start, behaviors=behaviors)

    return attrs.evolve(
        config,
        start=kept(config.start),
        dns_behaviors=tuple(
            attrs.evolve(one, persistent=True) for one in config.dns_behaviors
        ),
        hosts=tuple(attrs.evolve(one, start=kept(one.start)) for one in config.hosts),
    )


def _named_in(config: Config) -> Named:
    """What the configuration names."""
    fields = config.given - {"message_size", "connections"}
    if config.given & {"message_size", "connections"}:
        fields |= {"limits"}
    if "smtp" in config.given:
        fields |= {"listeners"}
    starts = {plan.description.name: plan.start for plan in config.plans}
    return Named(
        frozenset(plan.description.name for plan in config.hosts),
        fields,
        frozenset(name for name, start in starts.items() if start.extensions),
    )


def _deferred(function: Callable[[], Any]) -> Deferred[Any]:
    """Call a function that returns a value, a Deferred or a coroutine."""

    async def call() -> Any:
        return await awaited(function())

    return Deferred.fromCoroutine(call())


def _ignore_store_errors(failure: Failure) -> None:
    # It is logged, and the store tries again as it is closed.
    failure.trap(StoreError)


def _make_mock(config: Config, store: Store) -> Mock:
    first, *others = config.plans
    default = first.description
    host = MailHost(
        default.name,
        default.hostname,
        store.mailbox(default.name),
        limits=default.limits,
        capabilities=default.capabilities,
        start=first.start,
        journal=Journal(config.journal, JournalQuota(config.journal_bytes)),
        tls=default.tls,
        auth=default.auth,
    )
    if config.keep_refused:
        quota = store.quota
        # With a store, that quota is one of the disk; refused contents are in memory.
        memory = quota if store.mails is None else Quota(max_bytes=config.max_bytes)
        quota.refused = RefusedContents(memory)
    mock = Mock(
        host,
        Zone(config.records),
        config.limits,
        config.dns_behaviors,
        config.policies,
        config.dns_unset is Rcode.SERVFAIL,
        store,
    )
    for plan in others:
        mock.add(mock.new_host(plan.description, plan.start))
    return mock
