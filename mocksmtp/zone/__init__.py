"""The zone: names, records, answers to queries, and the log of queries."""
