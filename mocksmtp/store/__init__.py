"""Where mails and state are stored: in memory, or in a file (``--store``)."""
