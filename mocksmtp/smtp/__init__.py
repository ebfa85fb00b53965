"""The SMTP and LMTP server, over twisted.mail."""
