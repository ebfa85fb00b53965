"""Rules in motion: behaviors, mailboxes and hosts; time is an argument."""
