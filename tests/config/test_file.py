"""The configuration file, and the documents within it."""

from __future__ import annotations

from pathlib import Path

from mocksmtp.behaviors.condition import Contains, MatchAll
from mocksmtp.behaviors.dns import DnsBehavior, DnsResponse
from mocksmtp.behaviors.point import Command
from mocksmtp.behaviors.response import Effect, Response
from mocksmtp.behaviors.smtp import SmtpBehavior
from mocksmtp.config import CONFIG_VARIABLE, load_config
from mocksmtp.hosts.limits import Limits
from mocksmtp.hosts.policies import MtaStsPolicy
from mocksmtp.sasl.settings import AuthSettings
from mocksmtp.tls.settings import TlsMode, TlsSettings
from mocksmtp.zone import text as zonefile
from mocksmtp.zone.rdata import MX, A
from mocksmtp.zone.records import Record
from tests.config.case import ConfigTestCase


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
                SmtpBehavior(
                    Command.RCPT_TO,
                    response=Response(550, "no\nbob"),
                    condition=Contains("bob"),
                    number_of_answer=2,
                ),
                SmtpBehavior(
                    Command.DATA,
                    response=Response(250, None, Effect.DISCARD),
                    condition=MatchAll(),
                ),
            ),
        )

    def test_a_single_behavior_is_a_table(self) -> None:
        """As the API takes one object for one behavior."""
        config = self.load_file(
            '[smtpBehaviors]\ncommand = "QUIT"\nresponse = {code = 421}\n'
        )
        expected = (SmtpBehavior(Command.QUIT, response=Response(421)),)
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

    def test_behaviors_of_dns_are_documents(self) -> None:
        """As the API takes them."""
        config = self.load_file(
            '[[dnsBehaviors]]\nquery = "MX"\nresponse = { rcode = "SERVFAIL" }\n'
        )
        self.assertEqual(
            config.dns_behaviors, (DnsBehavior((15,), response=DnsResponse(2)),)
        )
        self.assertEqual(self.load_file("").dns_behaviors, ())

    def test_policies_are_documents(self) -> None:
        """As the API takes them."""
        config = self.load_file('[[mtaSts]]\ndomain = "ex.test"\nmx = ["mx.ex.test"]\n')
        policy = MtaStsPolicy("ex.test", mx=("mx.ex.test",))
        self.assertEqual(config.policies, (policy,))

    def test_limits_are_a_table(self) -> None:
        """Those that are no options; the others stay as they are."""
        config = self.load_file('[limits]\nrecipients = 5\nidleTime = "10s"\n')
        self.assertEqual(config.limits, Limits(recipients=5, idle_time=10.0))
        config = self.load_file(
            '[limits]\ntotalTime = "1m"\nmessages = 2\nbadCommands = 3\n'
        )
        expected = Limits(total_time=60.0, messages=2, bad_commands=3)
        self.assertEqual(config.limits, expected)
        config = self.load_file("maxConnections = 2\n[limits]\nidleTime = 250\n")
        self.assertEqual(config.limits, Limits(connections=2, idle_time=0.25))

    def test_an_error_is_told_with_its_path(self) -> None:
        """The path of the API's errors, with the key in place of the document."""
        for text, message in (
            (
                'smtpBehaviors = "x"',
                "smtpBehaviors: must be an array, got a string",
            ),
            (
                '[[smtpBehaviors]]\ncommand = "DATA"\n',
                "smtpBehaviors[0].response: required, but missing",
            ),
            (
                '[smtpBehaviors]\ncommand = "DATA"\nresponse = {code = 600}\n',
                "smtpBehaviors.response.code: must be from 200 to 599, got 600",
            ),
            (
                '[[smtpBehaviors]]\ncommand = "DATA"\nresponse = {code = 250}\n'
                '[[smtpBehaviors]]\ncommand = "DATA"\nresponse = {code = 250}\n'
                'condition = {operator = "contains"}\n',
                "smtpBehaviors[1].condition.matchingValue: required, but missing",
            ),
            (
                'smtpExtensions = "X-A"',
                "smtpExtensions: must be an array, got a string",
            ),
            (
                'smtpExtensions = ["X-A", "a\\nb"]',
                "smtpExtensions[1]: must be one line of text, and not empty",
            ),
            ("dnsRecords = 5", "dnsRecords: must be an array, got a number"),
            (
                '[[dnsRecords]]\nname = "ex.test"\n',
                "dnsRecords[0].type: required, but missing",
            ),
            (
                '[[dnsBehaviors]]\nquery = "MX"\nresponse = { rcode = "x" }\n',
                "dnsBehaviors[0].response.rcode: unknown rcode 'x'; one of: NOERROR",
            ),
            ("limits = 5", "limits: expected a table"),
            ("[[limits]]", "limits: expected a table"),
            (
                "[limits]\nmaxMails = 5\n",
                "limits.maxMails: unknown field; one of: recipients, idleTime, total",
            ),
            ("[limits]\nrecipients = 0\n", "limits.recipients: must be from 1 to 1,0"),
            (
                "[limits]\nrecipients = true\n",
                "limits.recipients: must be an integer, got true",
            ),
            ('[limits]\nidleTime = "x"\n', "limits.idleTime: must be a duration"),
            (
                "[limits]\nidleTime = true\n",
                "limits.idleTime: must be a number of mill",
            ),
            (
                "[limits]\nidleTime = 0\n",
                "limits.idleTime: must be from 1ms to 720h, got 0ms",
            ),
            (
                "[limits]\nidleTime = -1\n",
                "limits.idleTime: must be from 0 to 720h, got -1ms",
            ),
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
        self.patch(zonefile, "MAX_ZONE_RECORDS", 10)
        message = self.file_refusal(
            'dnsRecords = "$GENERATE 1-11 h$.ex.test. A 192.0.2.1"'
        )
        self.assertEqual(message, "dnsRecords: $GENERATE makes more than 10 records")

    def test_tls_and_users_are_tables(self) -> None:
        """Those of the default host, as in the API."""
        config = self.load_file("""
            [tls]
            mode = "implicit"
            [auth]
            users = {bob = "secret"}
            requireTls = true
            """)
        expected = AuthSettings(users={"bob": "secret"}, require_tls=True)
        tls = TlsSettings(TlsMode.IMPLICIT)
        self.assertEqual((config.tls, config.auth), (tls, expected))
        (plan,) = config.plans
        described = plan.description
        self.assertEqual((described.tls, described.auth), (tls, expected))
        self.assertNotIn("secret", repr(config))

    def test_what_is_wrong_with_tls_or_users_is_told_with_its_place(self) -> None:
        """As with all documents."""
        for text, message in (
            ("tls = 5", "tls: must be an object, got a number"),
            ("[tls]\nmode = 5\n", "tls.mode: must be a string, got 5"),
            (
                "[auth]\nrequireTls = true\n",
                "auth.requireTls: must be false, for the host has no tls",
            ),
        ):
            self.assertEqual(self.file_refusal(text), message)
