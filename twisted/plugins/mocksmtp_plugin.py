"""Makes ``twistd mocksmtp`` known to Twisted."""

from twisted.application.service import ServiceMaker

mocksmtp = ServiceMaker(
    "mocksmtp",
    "mocksmtp.tap",
    "A programmable SMTP server and DNS for testing mail delivery.",
    "mocksmtp",
)
