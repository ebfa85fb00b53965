"""Options, environment and file: which of them counts, and what is refused."""

from __future__ import annotations

import socket
from typing import Any

from mocksmtp import config as config_module
from mocksmtp.config import CONFIG_VARIABLE, Config, Option, load_config
from mocksmtp.config.endpoints import EXAMPLES
from mocksmtp.documents.problems import shown
from mocksmtp.hosts.capabilities import DEFAULT_KEYWORDS, Capabilities
from mocksmtp.hosts.limits import Limits
from mocksmtp.logs import Level, LogFormat
from mocksmtp.mail.documents import MailShape, StandIn
from mocksmtp.store.opening import StoreAddress
from mocksmtp.zone.answer import Rcode
from tests.config.case import ConfigTestCase, toml

# The one whose value is not in it has tests of its own.
OPTIONS = tuple(one for one in config_module.OPTIONS if one.name != "token-file")

BY_NAME = {option.name: option for option in OPTIONS}


def offering(*lines: str) -> Capabilities:
    """These lines, before TLS and under it."""
    return Capabilities(lines, lines)


# Three values for each option, in its own words, and what each means.
VALUES: dict[str, tuple[tuple[str, Any], ...]] = {
    "smtp": (("tcp:1", ("tcp:1",)), ("tcp:2", ("tcp:2",)), ("off", ())),
    "http": (("tcp:1", "tcp:1"), ("tcp:2", "tcp:2"), ("off", None)),
    "https": (("tcp:1", "tcp:1"), ("tcp:2", "tcp:2"), ("off", None)),
    "dns": (
        ("192.0.2.1:1", (("192.0.2.1", 1),)),
        ("[::1]:2", (("::1", 2),)),
        ("off", ()),
    ),
    "dns-unset": (
        ("servfail", Rcode.SERVFAIL),
        ("nxdomain", Rcode.NXDOMAIN),
        ("servfail", Rcode.SERVFAIL),
    ),
    "hostname": (("a.test", "a.test"), ("b.test", "b.test"), ("c", "c")),
    "capabilities": (
        ("PIPELINING, SIZE 1000", offering("PIPELINING", "SIZE 1000")),
        ("X-A", offering("X-A")),
        (",".join(DEFAULT_KEYWORDS), offering(*DEFAULT_KEYWORDS)),
    ),
    "max-mails": (("1", 1), ("20", 20), ("300", 300)),
    "max-bytes": (("1KiB", 1024), ("1KB", 1000), ("5", 5)),
    "max-age": (("250ms", 0.25), ("30m", 1800.0), ("24h", 86400.0)),
    "max-message-size": (("1KiB", 1024), ("1KB", 1000), ("5", 5)),
    "max-connections": (("1", 1), ("20", 20), ("300", 300)),
    "journal": (("0", 0), ("20", 20), ("300", 300)),
    "journal-bytes": (("1KiB", 1024), ("1KB", 1000), ("5", 5)),
    "store": (
        ("memory", StoreAddress()),
        ("sqlite:mock.db", StoreAddress("mock.db")),
        ("sqlite:///var/x?sync=full", StoreAddress("/var/x", full=True)),
    ),
    "store-wait": (("0s", 0.0), ("250ms", 0.25), ("30m", 1800.0)),
    "state-dir": (("/var/lib/x", "/var/lib/x"), ("a b", "a b"), ("c", "c")),
    "eml-dir": (("/var/lib/x", "/var/lib/x"), ("a b", "a b"), ("c", "c")),
    "mail-shape": (
        ("james", MailShape.JAMES),
        ("article", MailShape.ARTICLE),
        ("both", MailShape.BOTH),
    ),
    "http-host": (("a", ("a",)), ("b.test", ("b.test",)), ("c", ("c",))),
    "cors-origin": (
        ("http://a.test", ("http://a.test",)),
        ("HTTPS://[::1]:3000", ("HTTPS://[::1]:3000",)),
        ("*", ("*",)),
    ),
    "stand-in": (
        ("mailhog", (StandIn.MAILHOG,)),
        ("rest-smtp-sink", (StandIn.REST_SMTP_SINK,)),
        ("mailpit", (StandIn.MAILPIT,)),
    ),
    "token": (("a", "a"), ("b~!", "b~!"), ("C=", "C=")),
    "log-format": (
        ("json", LogFormat.JSON),
        ("text", LogFormat.TEXT),
        ("json", LogFormat.JSON),
    ),
    "log-level": (
        ("debug", Level.DEBUG),
        ("warn", Level.WARN),
        ("error", Level.ERROR),
    ),
    "keep-refused": (("1", True), ("0", False), ("1", True)),
    "quiet": (("1", True), ("0", False), ("1", True)),
    "log-file": (("/a", "/a"), ("/b c", "/b c"), ("/d/../e", "/e")),
    "addresses-file": (("/a", "/a"), ("/b c", "/b c"), ("/d/../e", "/e")),
    "exit-with-stdin": (("1", True), ("0", False), ("1", True)),
}

# Values that each option refuses, and what is said of them. An endpoint is for
# Twisted to judge, when it is listened on.
BAD_VALUES: dict[str, tuple[tuple[str, str], ...]] = {
    "smtp": (
        *(
            (
                f"{name}=tcp:25",
                f"invalid host name {name!r}: it must be 1 to 253 letters,"
                " digits, dots, hyphens, underscores",
            )
            for name in ("", "..", "a/b", "h\u00f6st", "x" * 254)
        ),
    ),
    "http": (("1:2:3", f"invalid address '1:2:3'; {EXAMPLES}"),),
    "https": (("[::1", f"invalid address '[::1'; {EXAMPLES}"),),
    "dns": (
        *(
            (value, f"invalid address {value!r}; {EXAMPLES}")
            for value in (
                *("127.0.0.1", ":53", "[]:53", "::1", "::1:53", "2001:db8::5:1"),
                *("[::1]", "[::1:53", "::1]:53", "127.0.0.1]:53", "127.0.0.1:"),
                *("127.0.0.1:x", "127.0.0.1:-1", "127.0.0.1:+1", "127.0.0.1:1e3"),
                "127.0.0.1:\u0661",
            )
        ),
        ("[127.0.0.1]:53", f"invalid IPv6 address '127.0.0.1'; {EXAMPLES}"),
        ("unix:/tmp/x", f"invalid address for UDP and TCP 'unix:/tmp/x'; {EXAMPLES}"),
        *(
            (
                f"{host}:53",
                f"invalid address '{host}:53' ({host!r} is neither a kind of endpoint"
                f" nor a known host name); {EXAMPLES}",
            )
            for host in ("127.1", "256.0.0.1", "nowhere.invalid")
        ),
        *(
            (value, f"invalid port {port!r} in {value!r}; it must be below 65536")
            for value, port in (("65536", "65536"), ("127.0.0.1:99999", "99999"))
        ),
    ),
    "dns-unset": (
        ("SERVFAIL", "unknown reply 'SERVFAIL'; one of: nxdomain, servfail"),
        ("refused", "unknown reply 'refused'; one of: nxdomain, servfail"),
    ),
    "hostname": tuple(
        (value, f"invalid host name {value!r}: it must not contain spaces")
        for value in ("a\nb", "a\r\n250 b", "a\x00", "\u2028", "a\tb")
    ),
    "capabilities": tuple(
        (value, "expected keywords with their parameters, separated by commas")
        for value in ("A,,B", ",", "A,", "A,b\nc", "x" * 501)
    ),
    "max-mails": tuple(
        (value, f"must be a number of at least 1, got {value!r}")
        for value in ("0", "-1", "+1", "1.5", "1e3", "1KiB", "x", "\u0661", "9" * 5000)
    ),
    "max-bytes": tuple(
        (value, f"must be a size such as 1000, 64KiB, 1GiB, got {shown(value)}")
        for value in ("-1", "1.5GiB", "1kb", "x", "9" * 5000)
    ),
    "max-age": (
        ("x", "must be a duration such as 250ms, 2s, 5m, 1h, got 'x'"),
        ("0", "must be from 1ms to 720h, got '0'"),
        ("60", "a duration must have a unit, such as 60ms or 60s, got '60'"),
    ),
    "max-message-size": (
        ("x", "must be a size such as 1000, 64KiB, 1GiB, got 'x'"),
        ("0", "must be greater than 0"),
    ),
    "max-connections": (("0", "must be a number of at least 1, got '0'"),),
    "journal": (
        ("-1", "must be a number, got '-1'"),
        ("1k", "must be a number, got '1k'"),
    ),
    "journal-bytes": (
        ("x", "must be a size such as 1000, 64KiB, 1GiB, got 'x'"),
        ("0", "must be greater than 0"),
    ),
    "store": (
        (
            "x",
            "must be memory, sqlite:FILE or redis://HOST/DB, as in sqlite:mock.db, got"
            " 'x'",
        ),
        (
            "sqlit:x",
            "must be memory, sqlite:FILE or redis://HOST/DB, as in sqlite:mock.db, got"
            " 'sqlit:x'; did you mean sqlite:FILE?",
        ),
        (
            "Memory",
            "must be memory, sqlite:FILE or redis://HOST/DB, as in sqlite:mock.db, got"
            " 'Memory'; did you mean memory?",
        ),
        ("sqlite:", "the name of the file is missing, as in sqlite:mock.db"),
        ("sqlite://host/x", "must not name a machine, got 'sqlite://host/x'"),
        ("sqlite:x?sync=off", "must be ?sync=full or ?sync=normal, got 'sync=off'"),
        ("sqlite:x?a=b", "must be ?sync=full or ?sync=normal, got 'a=b'"),
    ),
    "store-wait": (
        ("x", "must be a duration such as 250ms, 2s, 5m, 1h, got 'x'"),
        ("60", "a duration must have a unit, such as 60ms or 60s, got '60'"),
    ),
    "state-dir": (("\0", "must be the path of a directory"),),
    "eml-dir": (("\0", "must be the path of a directory"),),
    "mail-shape": (
        ("Both", "unknown shape 'Both'; one of: both, james, article"),
        ("x", "unknown shape 'x'; one of: both, james, article"),
    ),
    "http-host": (("a\nb", "invalid host name 'a\\nb': it must not contain spaces"),),
    "cors-origin": tuple(
        (
            value,
            f"invalid origin {value!r}; as in http://localhost:3000, without a path",
        )
        for value in ("localhost:3000", "http://a/", "http://u@a", "null", "http://")
    ),
    "stand-in": (
        (
            "mailhogg",
            "unknown tool 'mailhogg'; one of: rest-smtp-sink, mailhog, mailpit;"
            " did you mean 'mailhog'?",
        ),
    ),
    "token": tuple(
        (value, "must be printable ASCII without spaces, and not empty")
        for value in ("a\nb", "é", "a\x00", "a\x7f")
    ),
    "log-format": (("JSON", "unknown format 'JSON'; one of: text, json"),),
    "log-level": (("x", "unknown level 'x'; one of: debug, info, warn, error"),),
    "keep-refused": tuple(
        (one, f"must be 1 or 0, got {one!r}") for one in ("yes", "2")
    ),
    "quiet": tuple((one, f"must be 1 or 0, got {one!r}") for one in ("yes", "2")),
    "log-file": (("\0", "must be the path of a file"),),
    "addresses-file": (("\0", "must be the path of a file"),),
    "exit-with-stdin": (("on", "must be 1 or 0, got 'on'"),),
}

# Those that a file or a command line can hold and a variable can't.
EMPTY_VALUES = (
    ("dns", "", f"invalid address ''; {EXAMPLES}"),
    ("http", "", f"invalid address ''; {EXAMPLES}"),
    ("dns", "127.0.0.1:5 3", f"invalid address '127.0.0.1:5 3'; {EXAMPLES}"),
    ("state-dir", "", "must be the path of a directory"),
    ("eml-dir", "", "must be the path of a directory"),
    ("hostname", "", "invalid host name '': it must not contain spaces"),
    ("hostname", "a b", "invalid host name 'a b': it must not contain spaces"),
    ("max-mails", "", "must be a number of at least 1, got ''"),
    ("max-bytes", "", "must be a size such as 1000, 64KiB, 1GiB, got ''"),
    ("mail-shape", "", "unknown shape ''; one of: both, james, article"),
    ("http-host", "", "invalid host name '': it must not contain spaces"),
    (
        "cors-origin",
        "",
        "invalid origin ''; as in http://localhost:3000, without a path",
    ),
    ("stand-in", "", "unknown tool ''; one of: rest-smtp-sink, mailhog, mailpit"),
    ("token", "", "must be printable ASCII without spaces, and not empty"),
    ("token", "a b", "must be printable ASCII without spaces, and not empty"),
)


def value_of(config: Config, option: Option) -> Any:
    """Where `config` has what `option` says."""
    match option.name:
        case "max-message-size":
            return config.limits.message_size
        case "max-connections":
            return config.limits.connections
        case "http-host":
            return config.http_hosts
        case "cors-origin":
            return config.cors_origins
        case "stand-in":
            return config.stand_ins
        case name:
            return getattr(config, name.replace("-", "_"))


class DefaultsTests(ConfigTestCase):
    """`Config` where nothing is said"""

    def test_the_defaults_are_those_of_the_contract(self) -> None:
        """Three listeners on loopback, and bounds that hold a day of tests."""
        config = load_config({}, {})
        self.assertEqual(config, Config())
        self.assertEqual(config.smtp, ("tcp:2525:interface=127.0.0.1",))
        self.assertEqual(config.http, "tcp:8000:interface=127.0.0.1")
        self.assertEqual(config.dns, (("127.0.0.1", 5300),))
        self.assertEqual(config.hostname, socket.gethostname())
        self.assertEqual((config.max_mails, config.max_bytes), (100_000, 2**30))
        self.assertEqual(config.limits.message_size, 64 * 2**20)
        self.assertEqual(config.limits.connections, 1000)
        self.assertIs(config.mail_shape, MailShape.BOTH)
        self.assertEqual((config.http_hosts, config.token), ((), None))
        self.assertEqual((config.start.behaviors, config.start.extensions), ((), ()))
        self.assertEqual((config.records, config.policies), ((), ()))
        self.assertIsNone(config.https)

    def test_the_help_tells_the_defaults(self) -> None:
        """A default that the help tells is the one that counts."""
        defaults = load_config({}, {})
        for option in OPTIONS:
            _, told, default = option.help.partition("(default: ")
            default = default.partition(")")[0]
            if told and option.name not in ("hostname", "log-format", "log-level"):
                config = load_config({option.name: [default]}, {})
                self.assertEqual(value_of(config, option), value_of(defaults, option))

    def test_an_empty_file_says_nothing(self) -> None:
        """Nor does one with comments only."""
        for text in ("", "# smtp = 5\n"):
            self.assertEqual(self.load_file(text), Config())

    def test_other_variables_are_not_looked_at(self) -> None:
        """Kubernetes sets some for each service, as for one of this name."""
        environment = {"MOCKSMTP_PORT": "tcp://10.0.0.1:25", "HOSTNAME": "x"}
        environment["MOCKSMTP_SERVICE_PORT_HTTP"] = "8000"
        self.assertEqual(load_config({}, environment), Config())


class OptionTests(ConfigTestCase):
    """`OPTIONS`"""

    def test_every_option_is_tested_here(self) -> None:
        """Whoever adds an option adds its values to the tables above."""
        for table in (VALUES, BAD_VALUES):
            self.assertEqual(sorted(table), sorted(BY_NAME))

    def test_every_option_has_its_variable(self) -> None:
        """Each is named for its option."""
        for option in config_module.OPTIONS:
            expected = f"MOCKSMTP_{option.name.upper().replace('-', '_')}"
            self.assertEqual(option.variable, expected)
        self.assertEqual(CONFIG_VARIABLE, "MOCKSMTP_CONFIG")

    def test_keys_of_the_file_are_camel_case(self) -> None:
        """As everywhere in documents."""
        for name, key in (
            ("smtp", "smtp"),
            ("max-mails", "maxMails"),
            ("max-message-size", "maxMessageSize"),
        ):
            self.assertEqual(BY_NAME[name].key, key)

    def test_each_value_means_the_same_everywhere(self) -> None:
        """On the command line, in a variable and in the file."""
        for option in OPTIONS:
            for text, value in VALUES[option.name]:
                configs = [
                    load_config({option.name: [text]}, {}),
                    self.load_file(f"{option.key} = {toml(text)}\n"),
                ]
                if option.variable is not None:
                    configs.append(load_config({}, {option.variable: text}))
                for config in configs:
                    self.assertEqual(value_of(config, option), value, option.name)

    def test_no_option_moves_another(self) -> None:
        """What was not said stays as it is by default."""
        defaults = load_config({}, {})
        for option in OPTIONS:
            config = load_config({option.name: [VALUES[option.name][0][0]]}, {})
            for other in OPTIONS:
                if other is not option:
                    self.assertEqual(value_of(config, other), value_of(defaults, other))

    def test_options_win_over_variables_and_those_over_the_file(self) -> None:
        """Whichever is there first counts, alone."""
        for option in OPTIONS:
            (first, in_option), (second, in_variable), (third, in_file) = VALUES[
                option.name
            ]
            path = self.write(f"{option.key} = {toml(third)}\n")
            file, given = {"config": [path]}, {option.name: [first]}
            environment = {option.variable: second} if option.variable else {}
            for options, variables, value in (
                (file, {}, in_file),
                (file, environment, in_variable if environment else in_file),
                (file | given, environment, in_option),
                (file | given, {}, in_option),
            ):
                config = load_config(options, variables)
                self.assertEqual(value_of(config, option), value, option.name)

    def test_an_option_that_is_given_twice_counts_the_last_time(self) -> None:
        """So that a script's options can be added to."""
        for option in OPTIONS:
            if not option.repeatable:
                (first, _), (second, value), _ = VALUES[option.name]
                config = load_config({option.name: [first, second]}, {})
                self.assertEqual(value_of(config, option), value, option.name)

    def test_an_option_that_may_be_given_twice_has_all_its_values(self) -> None:
        """In order; in a variable separated by spaces, in the file as an array."""
        for option in OPTIONS:
            if option.repeatable:
                texts, values = zip(*VALUES[option.name][:2], strict=True)
                array = ", ".join(map(toml, texts))
                configs = [
                    load_config({option.name: list(texts)}, {}),
                    self.load_file(f"{option.key} = [{array}]\n"),
                ]
                if option.variable is not None:
                    spaced = {option.variable: f" {texts[0]}  {texts[1]} "}
                    configs.append(load_config({}, spaced))
                for config in configs:
                    expected = values[0] + values[1]
                    self.assertEqual(value_of(config, option), expected, option.name)

    def test_a_blank_variable_is_not_set(self) -> None:
        """A compose file can't leave a variable out, only leave it empty."""
        for blank in ("", " "):
            environment = {option.variable: blank for option in OPTIONS}
            environment[CONFIG_VARIABLE] = ""
            del environment["MOCKSMTP_TOKEN"]
            self.assertEqual(load_config({}, environment), Config())

    def test_an_empty_array_is_none_at_all(self) -> None:
        """It is said, and so it counts: no listener is not the usual listener."""
        config = self.load_file("smtp = []\ndns = []\nhttpHost = []\n")
        self.assertEqual((config.smtp, config.dns, config.http_hosts), ((), (), ()))

    def test_a_value_with_spaces_is_one_where_there_is_one(self) -> None:
        """Only options that may come several times are split."""
        config = load_config({}, {"MOCKSMTP_HTTP": "unix:/tmp/a b"})
        self.assertEqual(config.http, "unix:/tmp/a b")

    def test_the_file_takes_numbers(self) -> None:
        """A number needs no quotes in TOML."""
        config = self.load_file("maxMails = 7\nmaxBytes = 1000\nmaxConnections = 3\n")
        self.assertEqual((config.max_mails, config.max_bytes), (7, 1000))
        self.assertEqual(config.limits.connections, 3)

    def test_size_is_advertised_when_it_is_said(self) -> None:
        """By default EHLO has no SIZE; even the default said aloud is told."""
        self.assertFalse(load_config({}, {}).limits.advertise_size)
        config = load_config({"max-message-size": ["64MiB"]}, {})
        self.assertEqual(config.limits, Limits(advertise_size=True))

    def test_an_empty_list_of_capabilities_is_none_at_all(self) -> None:
        """It is said, on the command line and in the file."""
        for config in (
            load_config({"capabilities": [""]}, {}),
            self.load_file("capabilities = []\n"),
            self.load_file('capabilities = ""\n'),
        ):
            self.assertEqual(config.capabilities, offering())

    def test_capabilities_of_the_file_can_be_a_document(self) -> None:
        """As in the API; the option wins over it, whatever it is."""
        path = self.write('capabilities = {underTls = ["AUTH PLAIN", "X-1"]}\n')
        config = load_config({"config": [path]}, {})
        under = ("AUTH PLAIN", "X-1")
        self.assertEqual(config.capabilities, Capabilities(under_tls=under))
        self.assertEqual(config.described.capabilities, config.capabilities)
        given = {"config": [path], "capabilities": ["X-2"]}
        self.assertEqual(load_config(given, {}).capabilities, offering("X-2"))
        config = self.load_file('capabilities = ["A", "B c"]\n')
        self.assertEqual(config.capabilities, offering("A", "B c"))
        message = self.file_refusal('capabilities = ["A", ""]\n')
        line = "must be one line of text, and not empty"
        self.assertEqual(message, f"capabilities[1]: {line}, got ''")

    def test_an_empty_token_is_refused(self) -> None:
        """A script's variable that is not set does not open the API to everybody."""
        for blank in ("", " "):
            message = self.refusal({}, {"MOCKSMTP_TOKEN": blank})
            self.assertEqual(
                message,
                "MOCKSMTP_TOKEN: must be printable ASCII without spaces, and not empty",
            )
        message = self.refusal({}, {"MOCKSMTP_TOKEN_FILE": ""})
        self.assertEqual(message, "MOCKSMTP_TOKEN_FILE: must be the path of a file")

    def test_the_token_may_be_in_a_file(self) -> None:
        """One line; what is said nearer to the command line counts for more."""
        path, other = self.write("secret\n"), self.write("other")
        for options, environment, token in (
            ({"token-file": [path]}, {}, "secret"),
            ({}, {"MOCKSMTP_TOKEN_FILE": other}, "other"),
            ({"token-file": [path]}, {"MOCKSMTP_TOKEN": "x"}, "secret"),
            ({"token": ["y"]}, {"MOCKSMTP_TOKEN_FILE": path}, "y"),
        ):
            config = load_config(options, environment)
            self.assertEqual(config.token, token)
        message = self.refusal({"token-file": [path], "token": ["x"]})
        said = "--token-file: cannot be combined with --token"
        self.assertEqual(message, said)

    def test_a_token_file_that_can_not_be_used_is_refused(self) -> None:
        """An empty one too; what it has in it is not shown."""
        missing = self.mktemp()
        message = self.refusal({"token-file": [missing]})
        expected = f"--token-file: {missing}: No such file or directory"
        self.assertEqual(message, expected)
        for text in "", "\n", "two words", "two\nlines\n", "\u00e9":
            path = self.write(text)
            message = self.refusal({"token-file": [path]})
            self.assertTrue(message.startswith(f"--token-file: {path}: the token must"))
            self.assertNotIn("two", message)

    def test_a_refused_token_is_not_shown(self) -> None:
        """A secret does not go to the log, be it mistyped."""
        message = self.refusal({"token": ["secret word"]})
        self.assertNotIn("secret", message)


class RefusalTests(ConfigTestCase):
    """`ConfigError`"""

    def test_a_bad_value_is_told_with_its_place(self) -> None:
        """The option, the variable, or the file and its key; then what is wrong."""
        for option in OPTIONS:
            for text, why in BAD_VALUES[option.name]:
                message = self.refusal({option.name: [text]})
                self.assertEqual(message, f"--{option.name}: {why}")
                message = self.file_refusal(f"{option.key} = {toml(text)}\n")
                self.assertEqual(message, f"{option.key}: {why}")
                if option.variable is not None and text.split() == [text]:
                    message = self.refusal({}, {option.variable: text})
                    self.assertEqual(message, f"{option.variable}: {why}")

    def test_tools_with_the_same_paths_exclude_each_other(self) -> None:
        """In one line."""
        for names in ["mailhog", "mailpit"], ["mailpit", "rest-smtp-sink", "mailhog"]:
            why = "mailhog and mailpit share the path /api/v1/messages; enable one"
            message = f"--stand-in: {why} of them"
            self.assertEqual(self.refusal({"stand-in": names}), message)

    def test_an_empty_value_is_a_bad_one(self) -> None:
        """On the command line and in the file it is said, and so it counts."""
        for name, text, why in EMPTY_VALUES:
            message = self.refusal({name: [text]})
            self.assertEqual(message, f"--{name}: {why}")
            key = BY_NAME[name].key
            message = self.file_refusal(f"{key} = {toml(text)}\n")
            self.assertEqual(message, f"{key}: {why}")

    def test_one_bad_value_among_good_ones_is_told(self) -> None:
        """Every value of an option that has several is looked at."""
        good, bad = "127.0.0.1:1", "127.0.0.1:x"
        for values in ([good, bad], [bad, good], [good, bad, good]):
            message = self.refusal({"dns": values})
            self.assertEqual(
                message, f"--dns: invalid address '127.0.0.1:x'; {EXAMPLES}"
            )

    def test_what_does_not_count_is_not_judged(self) -> None:
        """A bad variable does no harm where the option is given."""
        config = load_config({"dns": ["off"]}, {"MOCKSMTP_DNS": "x"})
        self.assertEqual(config.dns, ())
        path = self.write('dns = "x"\n')
        config = load_config({"config": [path], "dns": ["off"]}, {})
        self.assertEqual(config.dns, ())

    def test_a_value_of_another_type_is_refused(self) -> None:
        """An option is a string or a number; an array only where it may be many."""
        for text in (
            "smtp = true",
            "smtp = [1.5]",
            "smtp = [[]]",
            "smtp = {}",
            "http = []",
            'http = ["tcp:1"]',
            "maxMails = 1.5",
            "maxMails = true",
            "maxMails = [1]",
            "token = 1979-05-27",
            "hostname = {}",
        ):
            key = text.partition(" ")[0]
            message = self.file_refusal(text)
            self.assertEqual(message, f"{key}: must be a string or an integer", text)

    def test_a_number_out_of_range_is_refused(self) -> None:
        """TOML's numbers are judged as the texts that they are."""
        message = self.file_refusal("maxMails = -1\n")
        self.assertEqual(message, "maxMails: must be a number of at least 1, got '-1'")

    def test_an_unknown_key_is_refused_with_all_that_are_known(self) -> None:
        """A misspelt key would be a silent default."""
        for key in ("config", "zzz"):
            message = self.file_refusal(f"{key} = 1\n")
            self.assertTrue(message.startswith(f"{key!r}: unknown; one of: "), message)
            known = message.partition("one of: ")[2].split(", ")
            expected = [option.key for option in config_module.OPTIONS]
            expected += ["smtpBehaviors", "smtpExtensions", "dnsRecords"]
            expected += ["dnsBehaviors", "mtaSts", "limits", "tls", "auth", "hosts"]
            self.assertEqual(known, expected)

    def test_a_misspelt_key_is_refused_with_the_nearest(self) -> None:
        """Letters that differ in case, or a few that are wrong."""
        for key, near in (("maxmails", "maxMails"), ("smtpBehavior", "smtpBehaviors")):
            message = self.file_refusal(f"{key} = 1\n")
            self.assertEqual(message, f"{key!r}: unknown; did you mean {near!r}?")

    def test_all_errors_are_reported_together(self) -> None:
        """Those of options, of each document and of unknown keys, a line each."""
        path = self.write("""
            maxMails = 0
            smtpExtensions = [5]
            dnsRecords = 5
            maxmail = 1
            [limits]
            recipients = 0
            messages = 0
            [[smtpBehaviors]]
            command = "X"
            [[hosts]]
            """)
        options = {"config": [path], "journal": ["x"]}
        error = self.assertRaises(config_module.ConfigError, load_config, options, {})
        self.assertEqual(
            [
                line.removeprefix(f"{path}: ").partition(":")[0]
                for line in error.problems
            ],
            [
                "maxMails",
                "--journal",
                "smtpBehaviors[0].command",
                "smtpBehaviors[0].response",
                "smtpExtensions[0]",
                "dnsRecords",
                "limits.recipients",
                "limits.messages",
                "hosts[0].name",
                "'maxmail'",
            ],
        )
        self.assertEqual(str(error).splitlines(), list(error.problems))
