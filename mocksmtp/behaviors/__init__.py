"""Behaviors: the rule engine that SMTP and DNS share.

`behavior` declares a rule as its document describes it: `condition` and `target` decide
when it fires, the fields of `behavior` how often, `response` and `dns` its reply.
`rule` is a behavior in force with its counters, `rules` the ordered list that decides,
and `walk` the fast path through the list.
"""
