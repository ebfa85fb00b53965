"""Options, environment and file: which of them counts, and what is refused."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.codec import zonefile
from mocksmtp.codec.mails import MailShape
from mocksmtp.config import (
    CONFIG_VARIABLE,
    OPTIONS,
    Config,
    ConfigError,
    Option,
    load_config,
    parse_dns,
    parse_smtp,
)
from mocksmtp.core.host import HostPlan, Limits
from mocksmtp.logs import LogFormat
from mocksmtp.model.behavior import Behavior, Command, Effect, Response
from mocksmtp.model.condition import Contains, MatchAll
from mocksmtp.model.host import Listen
from mocksmtp.model.rdata import MX, A
from mocksmtp.model.zone import Record

BY_NAME = {option.name: option for option in OPTIONS}

# Three values for each option, in its own words, and what each means.
VALUES: dict[str, tuple[tuple[str, Any], ...]] = {
    "smtp": (("tcp:1", ("tcp:1",)), ("tcp:2", ("tcp:2",)), ("off", ())),
    "http": (("tcp:1", "tcp:1"), ("tcp:2", "tcp:2"), ("off", None)),
    "dns": (
        ("192.0.2.1:1", (("192.0.2.1", 1),)),
        ("[::1]:2", (("::1", 2),)),
        ("off", ()),
    ),
    "hostname": (("a.test", "a.test"), ("b.test", "b.test"), ("c", "c")),
    "max-mails": (("1", 1), ("20", 20), ("300", 300)),
    "max-bytes": (("1KiB", 1024), ("1KB", 1000), ("5", 5)),
    "max-message-size": (("1KiB", 1024), ("1KB", 1000), ("5", 5)),
    "max-connections": (("1", 1), ("20", 20), ("300", 300)),
    "journal": (("0", 0), ("20", 20), ("300", 300)),
    "mail-shape": (
        ("james", MailShape.JAMES),
        ("article", MailShape.ARTICLE),
        ("both", MailShape.BOTH),
    ),
    "http-host": (("a", ("a",)), ("b.test", ("b.test",)), ("c", ("c",))),
    "token": (("a", "a"), ("b~!", "b~!"), ("C=", "C=")),
    "log-format": (
        ("json", LogFormat.JSON),
        ("text", LogFormat.TEXT),
        ("json", LogFormat.JSON),
    ),
}

# Values that each option refuses, and what is said of them. An endpoint is for
# Twisted to judge, when it is listened on.
BAD_VALUES: dict[str, tuple[tuple[str, str], ...]] = {
    "smtp": (
        *(
            (
                f"{name}=tcp:25",
                f"not a name of a host: {name!r}: it must have 1 to 253 letters,"
                " digits, dots, hyphens, underscores",
            )
            for name in ("", "..", "a/b", "h\u00f6st", "x" * 254)
        ),
    ),
    "http": (),
    "dns": tuple(
        (value, f"not ADDRESS:PORT with an IP address: {value!r}")
        for value in (
            "localhost:53",
            "127.0.0.1",
            "53",
            ":53",
            "[]:53",
            "::1",
            "::1:53",
            "2001:db8::5:1",
            "[::1]",
            "[::1:53",
            "::1]:53",
            "[127.0.0.1]:53",
            "127.0.0.1]:53",
            "127.1:53",
            "256.0.0.1:53",
            "tcp:53:interface=127.0.0.1",
        )
    )
    + tuple(
        (f"127.0.0.1:{port}", f"not a port: {port!r}")
        for port in ("", "x", "-1", "+1", "65536", "1e3", "\u0661", "9" * 5000)
    ),
    "hostname": tuple(
        (value, f"not a host name: {value!r}")
        for value in ("a\nb", "a\r\n250 b", "a\x00", "\u2028", "a\tb")
    ),
    "max-mails": tuple(
        (value, f"not a number from 1 on: {value!r}")
        for value in ("0", "-1", "+1", "1.5", "1e3", "1KiB", "x", "\u0661", "9" * 5000)
    ),
    "max-bytes": tuple(
        (value, f"not a size: {value!r}; as in 1000, 64KiB, 1GiB")
        for value in ("-1", "1.5GiB", "1kb", "x", "9" * 5000)
    ),
    "max-message-size": (
        ("x", "not a size: 'x'; as in 1000, 64KiB, 1GiB"),
        ("0", "must be more than nothing"),
    ),
    "max-connections": (("0", "not a number from 1 on: '0'"),),
    "journal": (("-1", "not a number: '-1'"), ("1k", "not a number: '1k'")),
    "mail-shape": (
        ("Both", "unknown shape 'Both'; one of: both, james, article"),
        ("x", "unknown shape 'x'; one of: both, james, article"),
    ),
    "http-host": (("a\nb", "not a host name: 'a\\nb'"),),
    "token": tuple(
        (value, "must be printable ASCII without spaces, and not empty")
        for value in ("a\nb", "é", "a\x00", "a\x7f")
    ),
    "log-format": (("JSON", "unknown format 'JSON'; one of: text, json"),),
}

# Those that a file or a command line can hold and a variable can't.
EMPTY_VALUES = (
    ("dns", "", "not ADDRESS:PORT with an IP address: ''"),
    ("dns", "127.0.0.1:5 3", "not a port: '5 3'"),
    ("hostname", "", "not a host name: ''"),
    ("hostname", "a b", "not a host name: 'a b'"),
    ("max-mails", "", "not a number from 1 on: ''"),
    ("max-bytes", "", "not a size: ''; as in 1000, 64KiB, 1GiB"),
    ("mail-shape", "", "unknown shape ''; one of: both, james, article"),
    ("http-host", "", "not a host name: ''"),
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
        case name:
            return getattr(config, name.replace("-", "_"))


def toml(text: str) -> str:
    """`text` as a string of TOML."""
    return '"' + "".join(f"\\U{ord(character):08x}" for character in text) + '"'


class ConfigTestCase(SynchronousTestCase):
    """Has files of its own."""

    def write(self, text: str | bytes) -> str:
        """A file with this content; answers its path."""
        path = Path(self.mktemp())
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return str(path)

    def load_file(self, text: str | bytes) -> Config:
        """The configuration that a file alone makes."""
        return load_config({"config": [self.write(text)]}, {})

    def refusal(
        self,
        options: dict[str, list[str]],
        environment: dict[str, str] | None = None,
    ) -> str:
        """What is said of a configuration that is refused: one line of text."""
        error = self.assertRaises(ConfigError, load_config, options, environment or {})
        message = str(error)
        self.assertTrue(message.isprintable(), repr(message))
        return message

    def file_refusal(self, text: str | bytes) -> str:
        """What is said of a file that is refused, without the file's path."""
        path = self.write(text)
        place, _, message = self.refusal({"config": [path]}).partition(": ")
        self.assertEqual(place, path)
        return message


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
        self.assertEqual(config.records, ())

    def test_the_help_tells_the_defaults(self) -> None:
        """A default that the help tells is the one that counts."""
        defaults = load_config({}, {})
        for option in OPTIONS:
            _, told, default = option.help.partition("(default: ")
            default = default.partition(")")[0]
            if told and option.name != "hostname":
                config = load_config({option.name: [default]}, {})
                self.assertEqual(value_of(config, option), value_of(defaults, option))

    def test_an_empty_file_says_nothing(self) -> None:
        """Nor does one with comments only."""
        for text in ("", "# smtp = 5\n"):
            self.assertEqual(self.load_file(text), Config())

    def test_other_variables_are_not_looked_at(self) -> None:
        """Only options that have a variable are read from it."""
        environment = {"MOCKSMTP_HOSTNAME": "x", "HOSTNAME": "x"}
        self.assertEqual(load_config({}, environment), Config())


class OptionTests(ConfigTestCase):
    """`OPTIONS`"""

    def test_every_option_is_tested_here(self) -> None:
        """Whoever adds an option adds its values to the tables above."""
        for table in (VALUES, BAD_VALUES):
            self.assertEqual(list(table), list(BY_NAME))

    def test_the_variables_are_those_of_the_contract(self) -> None:
        """Each is named for its option."""
        for option in OPTIONS:
            if option.name in ("smtp", "http", "dns", "token"):
                expected = f"MOCKSMTP_{option.name.upper()}"
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
            named = {k: v for k, v in environment.items() if k is not None}
            self.assertEqual(load_config({}, named), Config())

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
            self.assertEqual(message, "--dns: not a port: 'x'")

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
            self.assertEqual(message, f"{key}: expected a string or a number", text)

    def test_a_number_out_of_range_is_refused(self) -> None:
        """TOML's numbers are judged as the texts that they are."""
        message = self.file_refusal("maxMails = -1\n")
        self.assertEqual(message, "maxMails: not a number from 1 on: '-1'")

    def test_an_unknown_key_is_refused_with_all_that_are_known(self) -> None:
        """A misspelt key would be a silent default."""
        for key in ("maxmails", "max-mails", "config", "smtpBehavior", "host"):
            message = self.file_refusal(f"{key} = 1\n")
            self.assertTrue(message.startswith(f"{key!r}: unknown; one of: "), message)
            known = message.partition("one of: ")[2].split(", ")
            expected = [option.key for option in OPTIONS]
            expected += ["smtpBehaviors", "smtpExtensions", "dnsRecords", "limits"]
            expected += ["hosts"]
            self.assertEqual(known, expected)


class FileTests(ConfigTestCase):
    """The file itself"""

    def test_it_is_named_by_option_or_variable(self) -> None:
        """The option wins, and its last value, as with every option."""
        one, other = self.write('hostname = "one"'), self.write('hostname = "other"')
        for options, environment, hostname in (
            ({"config": [one]}, {}, "one"),
            ({}, {CONFIG_VARIABLE: other}, "other"),
            ({"config": [one]}, {CONFIG_VARIABLE: other}, "one"),
            ({"config": [other, one]}, {CONFIG_VARIABLE: other}, "one"),
        ):
            config = load_config(options, environment)
            self.assertEqual(config.hostname, hostname)

    def test_one_that_can_not_be_read_is_told(self) -> None:
        """With its path, and the system's reason."""
        folder = self.mktemp()
        missing = self.refusal({"config": [folder]})
        self.assertEqual(missing, f"{folder}: No such file or directory")
        Path(folder).mkdir()
        message = self.refusal({}, {CONFIG_VARIABLE: folder})
        self.assertEqual(message, f"{folder}: Is a directory")

    def test_an_empty_path_is_told(self) -> None:
        """It comes from a script's variable that was not set."""
        message = self.refusal({"config": [""]})
        self.assertEqual(message, "--config: No such file or directory")

    def test_bad_toml_is_told_with_its_line(self) -> None:
        """Whatever is wrong with the text itself."""
        for text, place in (
            ("maxMails = \n", "line 1"),
            ("# c\n\nmaxMails = 1\nhostname = x\n", "line 4"),
            ('hostname = "x\n', "line 1"),
            ("a = 1\n]\n", "line 2"),
            ('[[smtpBehaviors]]\ncommand "DATA"\n', "line 2"),
            ("maxMails = 1\nmaxMails = 2\n", "maxMails|line 2|end of document"),
            (b'hostname = "a"\n# \xff\n', "line 2"),
            ("a = 1\r\rb = 2", "line 1"),
        ):
            self.assertRegex(self.file_refusal(text), place)

    def test_toml_that_python_can_not_hold_is_told(self) -> None:
        """Nesting and numbers without end are no traceback."""
        for text in ("a = " + "[" * 100_000, "a = 1" + "0" * 5000):
            self.assertLess(len(self.file_refusal(text)), 200)


class DocumentsTests(ConfigTestCase):
    """The documents within the file, the same that the API takes"""

    def test_behaviors_and_extensions_are_the_start(self) -> None:
        """Each table is a behavior, in order."""
        config = self.load_file("""
            smtpExtensions = ["X-A", "X-B c"]

            [[smtpBehaviors]]
            command = "RCPT TO"
            condition = {operator = "contains", matchingValue = "bob"}
            response = {code = 550, message = "no\\nbob"}
            numberOfAnswer = 2

            [[smtpBehaviors]]
            command = "DATA"
            response = {code = 250, effect = "discard"}
            """)
        self.assertEqual(config.start.extensions, ("X-A", "X-B c"))
        self.assertEqual(
            config.start.behaviors,
            (
                Behavior(Command.RCPT_TO, Response(550, "no\nbob"), Contains("bob"), 2),
                Behavior(Command.DATA, Response(250, None, Effect.DISCARD), MatchAll()),
            ),
        )

    def test_a_single_behavior_is_a_table(self) -> None:
        """As the API takes one object for one behavior."""
        config = self.load_file(
            '[smtpBehaviors]\ncommand = "QUIT"\nresponse = {code = 421}\n'
        )
        expected = (Behavior(Command.QUIT, Response(421)),)
        self.assertEqual(config.start.behaviors, expected)

    def test_records_are_tables_or_a_zones_text(self) -> None:
        """Both mean the same."""
        records = (
            Record("ex.test", MX(10, "mx.ex.test")),
            Record("mx.ex.test", A("192.0.2.1"), 5),
        )
        tables = """
            [[dnsRecords]]
            name = "ex.test"
            type = "MX"
            preference = 10
            exchange = "mx.ex.test"

            [[dnsRecords]]
            name = "mx.ex.test."
            type = "A"
            address = "192.0.2.1"
            ttl = 5
            """
        text = """
            dnsRecords = '''
            ex.test.     MX 10 mx.ex.test.
            mx.ex.test.  5 A 192.0.2.1
            '''
            """.replace("\n            ", "\n")
        for file in (tables, text):
            self.assertEqual(self.load_file(file).records, records)

    def test_limits_are_a_table(self) -> None:
        """Those that are no options; the others stay as they are."""
        config = self.load_file('[limits]\nrecipients = 5\nidleTime = "10s"\n')
        self.assertEqual(config.limits, Limits(recipients=5, idle_time=10.0))
        config = self.load_file("maxConnections = 2\n[limits]\nidleTime = 250\n")
        self.assertEqual(config.limits, Limits(connections=2, idle_time=0.25))

    def test_an_error_is_told_with_its_path(self) -> None:
        """The path of the API's errors, with the key in place of the document."""
        for text, message in (
            (
                'smtpBehaviors = "x"',
                "smtpBehaviors: expected an array, not a string",
            ),
            (
                '[[smtpBehaviors]]\ncommand = "DATA"\n',
                "smtpBehaviors[0].response: required, but missing",
            ),
            (
                '[smtpBehaviors]\ncommand = "DATA"\nresponse = {code = 600}\n',
                "smtpBehaviors.response.code: must be from 200 to 599, not 600",
            ),
            (
                '[[smtpBehaviors]]\ncommand = "DATA"\nresponse = {code = 250}\n'
                '[[smtpBehaviors]]\ncommand = "DATA"\nresponse = {code = 250}\n'
                'condition = {operator = "contains"}\n',
                "smtpBehaviors[1].condition.matchingValue:"
                " required with the operator contains",
            ),
            (
                'smtpExtensions = "X-A"',
                "smtpExtensions: expected an array, not a string",
            ),
            (
                'smtpExtensions = ["X-A", "a\\nb"]',
                "smtpExtensions[1]: must be one line of text, and not empty",
            ),
            ("dnsRecords = 5", "dnsRecords: expected an array, not a number"),
            (
                '[[dnsRecords]]\nname = "ex.test"\n',
                "dnsRecords[0].type: required, but missing",
            ),
            ("limits = 5", "limits: expected a table"),
            ("[[limits]]", "limits: expected a table"),
            (
                "[limits]\nmaxMails = 5\n",
                "limits.maxMails: unknown; one of: recipients, idleTime",
            ),
            ("[limits]\nrecipients = 0\n", "limits.recipients: not a number from 1"),
            ("[limits]\nrecipients = true\n", "limits.recipients: not a number from 1"),
            ('[limits]\nidleTime = "x"\n', "limits.idleTime: not a duration: 'x'"),
            ("[limits]\nidleTime = true\n", "limits.idleTime: not a duration: 'True'"),
            ("[limits]\nidleTime = 0\n", "limits.idleTime: must be more than no time"),
            ("[limits]\nidleTime = -1\n", "limits.idleTime: not a duration: '-1'"),
        ):
            refusal = self.file_refusal(text)
            self.assertTrue(refusal.startswith(message), f"{refusal}, not {message}")

    def test_an_unknown_field_is_told_with_its_path(self) -> None:
        """Also deep within a document."""
        message = self.file_refusal(
            '[[smtpBehaviors]]\ncommand = "DATA"\nresponse = {code = 250, colour = 1}\n'
        )
        self.assertIn("smtpBehaviors[0].response.colour: unknown field", message)

    def test_an_error_in_a_zones_text_is_told_with_the_texts_line(self) -> None:
        """The line is one of the text, and the key says which text."""
        zone = "ex.test. A 192.0.2.1\\nex.test. MX ten mx.test.\\n"
        message = self.file_refusal(f'dnsRecords = "{zone}"')
        self.assertTrue(message.startswith("dnsRecords: line 2: "), message)

    def test_a_zone_of_too_many_records_is_refused(self) -> None:
        """A short text can generate more records than there is room for."""
        self.patch(zonefile, "MAX_RECORDS", 10)
        message = self.file_refusal(
            'dnsRecords = "$GENERATE 1-11 h$.ex.test. A 192.0.2.1"'
        )
        self.assertEqual(message, "dnsRecords: the zone file has more than 10 records")


class HostsTests(ConfigTestCase):
    """The hosts that there are at the start"""

    def plans(self, config: Config) -> dict[str, HostPlan]:
        """The plan of each host, the default host first."""
        plans = {plan.description.name: plan for plan in config.plans}
        self.assertEqual(next(iter(plans)), "default")
        return plans

    def test_there_is_one_by_default(self) -> None:
        """It has the endpoints, the hostname and the limits of the options."""
        options = {"hostname": ["a.test"], "max-connections": ["3"], "smtp": ["tcp:1"]}
        plans = self.plans(load_config(options, {}))
        self.assertEqual(list(plans), ["default"])
        plan = plans["default"]
        self.assertEqual(plan.endpoints, ("tcp:1",))
        self.assertEqual(plan.description.hostname, "a.test")
        self.assertEqual(plan.description.limits.connections, 3)

    def test_an_endpoint_makes_a_host(self) -> None:
        """The default host keeps its listener unless it is given one, or off."""
        for values, default in (
            (["mx2=tcp:2"], ("tcp:2525:interface=127.0.0.1",)),
            (["mx2=tcp:2", "tcp:1"], ("tcp:1",)),
            (["mx2=tcp:2", "off"], ()),
        ):
            options = {"smtp": values, "max-connections": ["3"]}
            plans = self.plans(load_config(options, {}))
            self.assertEqual(list(plans), ["default", "mx2"])
            self.assertEqual(plans["default"].endpoints, default)
            self.assertEqual(plans["mx2"].endpoints, ("tcp:2",))
            self.assertEqual(plans["mx2"].description.hostname, "mx2")
            self.assertEqual(plans["mx2"].description.limits.connections, 3)

    def test_a_file_describes_hosts(self) -> None:
        """As the API takes them, with behaviors and extensions."""
        config = self.load_file("""
            maxConnections = 3

            [[hosts]]
            name = "mx2"
            listeners = [{address = "127.0.0.2", port = 25}]
            limits = {recipients = 1}
            dns = {names = ["mx2.x.test"], domains = [{name = "x.test"}]}
            smtpExtensions = ["X-2"]
            [[hosts.smtpBehaviors]]
            command = "QUIT"
            response = {code = 421}
            """)
        plan = self.plans(config)["mx2"]
        described = plan.description
        self.assertIsNone(plan.endpoints)
        self.assertEqual(described.listeners, (Listen("127.0.0.2", 25),))
        self.assertEqual(described.limits, Limits(connections=3, recipients=1))
        self.assertEqual(described.hostname, "mx2.x.test")
        self.assertEqual(plan.start.extensions, ("X-2",))
        expected = (Behavior(Command.QUIT, Response(421)),)
        self.assertEqual(plan.start.behaviors, expected)

    def test_an_endpoint_wins_over_the_file(self) -> None:
        """The rest of what the file says stays; several names go together."""
        path = self.write('[[hosts]]\nname = "mx2"\nhostname = "two.test"\n')
        options = {"config": [path], "smtp": ["mx2=tcp:2", "mx3=tcp:3"]}
        plans = self.plans(load_config(options, {}))
        self.assertEqual(list(plans), ["default", "mx2", "mx3"])
        self.assertEqual(plans["mx2"].endpoints, ("tcp:2",))
        self.assertEqual(plans["mx2"].description.hostname, "two.test")

    def test_the_default_host_can_be_described(self) -> None:
        """What its document leaves out is as the options and the file say."""
        config = self.load_file("""
            hostname = "a.test"
            smtpExtensions = ["X-1"]
            [[hosts]]
            name = "default"
            capabilities = ["PIPELINING"]
            """)
        plan = self.plans(config)["default"]
        self.assertEqual(plan.endpoints, ("tcp:2525:interface=127.0.0.1",))
        self.assertEqual(plan.description.hostname, "a.test")
        self.assertEqual(plan.description.capabilities, ("PIPELINING",))
        self.assertEqual(plan.start.extensions, ("X-1",))
        config = self.load_file(
            '[[hosts]]\nname = "default"\nlisteners = [{port = 26}]\n'
        )
        plan = self.plans(config)["default"]
        self.assertIsNone(plan.endpoints)
        self.assertEqual(plan.description.listeners, (Listen(port=26),))

    def test_an_error_is_told_with_its_path(self) -> None:
        """As in the API, with the place in the array."""
        for text, message in (
            ("hosts = 5", "hosts: expected an array, not a number"),
            ("[hosts]", "hosts: expected an array, not an object"),
            ("hosts = [5]", "hosts[0]: expected an object, not a number"),
            ("[[hosts]]", "hosts[0].name: required, but missing"),
            (
                'hosts = [{name = "a"}, {name = "a"}]',
                "hosts[1].name: 'a' comes twice",
            ),
            ('hosts = [{name = "a", tls = {}}]', "hosts[0].tls: unknown field; "),
            (
                'hosts = [{name = "a", listeners = ["tcp:25"]}]',
                "hosts[0].listeners[0]: expected an object, not a string",
            ),
            (
                'hosts = [{name = "a", smtpBehaviors = [{}]}]',
                "hosts[0].smtpBehaviors[0].command: required, but missing",
            ),
        ):
            refusal = self.file_refusal(text)
            self.assertTrue(refusal.startswith(message), f"{refusal}, not {message}")


class ParseSmtpTests(SynchronousTestCase):
    """`parse_smtp`"""

    def test_a_host_may_stand_before_the_endpoint(self) -> None:
        """Its name ends at a ``=`` before the first ``:``."""
        for value, name, endpoints in (
            ("tcp:25", "default", ("tcp:25",)),
            ("tcp:25:interface=::1", "default", ("tcp:25:interface=::1",)),
            ("default=tcp:25", "default", ("tcp:25",)),
            ("mx2=tcp:25:interface=::1", "mx2", ("tcp:25:interface=::1",)),
            ("mx.x.test=tcp:25", "mx.x.test", ("tcp:25",)),
            (r"unix:/tmp/a\=b", "default", (r"unix:/tmp/a\=b",)),
            ("off", "default", ()),
            ("default=off", "default", ()),
            ("mx2=off", "mx2", ()),
        ):
            self.assertEqual(parse_smtp([value]), {name: endpoints}, value)

    def test_several_are_kept_in_order(self) -> None:
        """Each host has its own."""
        values = ["a=tcp:1", "tcp:2", "a=tcp:3", "b=tcp:4"]
        expected = {"a": ("tcp:1", "tcp:3"), "default": ("tcp:2",), "b": ("tcp:4",)}
        self.assertEqual(parse_smtp(values), expected)

    def test_off_goes_with_others(self) -> None:
        """``off`` adds no listener, and takes none away."""
        values = ["tcp:1", "off", "default=tcp:2"]
        self.assertEqual(parse_smtp(values), {"default": ("tcp:1", "tcp:2")})


class ParseDnsTests(SynchronousTestCase):
    """`parse_dns`"""

    def test_addresses_and_ports_are_read(self) -> None:
        """IPv6 is in brackets, which are not part of the address."""
        for value, pairs in (
            ("127.0.0.1:5300", (("127.0.0.1", 5300),)),
            ("0.0.0.0:53", (("0.0.0.0", 53),)),
            ("127.0.0.1:0", (("127.0.0.1", 0),)),
            ("127.0.0.1:65535", (("127.0.0.1", 65535),)),
            ("[::1]:53", (("::1", 53),)),
            ("[::]:53", (("::", 53),)),
            ("[2001:db8::1]:53", (("2001:db8::1", 53),)),
            ("[fe80::1%eth0]:53", (("fe80::1%eth0", 53),)),
            ("off", ()),
        ):
            self.assertEqual(parse_dns([value]), pairs, value)

    def test_several_are_kept_in_order(self) -> None:
        """Each is listened on, over UDP and TCP."""
        pairs = parse_dns(["192.0.2.2:2", "192.0.2.1:1"])
        self.assertEqual(pairs, (("192.0.2.2", 2), ("192.0.2.1", 1)))
