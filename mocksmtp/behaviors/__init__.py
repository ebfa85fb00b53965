"""Behaviors: the rule engine that SMTP and DNS share.

`behavior` is a rule as its document describes it: `condition` and `target` say when
it fires, the fields of `behavior` how often, `response` and `dns` what it answers.
`rule` is one in force, with its counts; `rules` is the ordered list that decides, and
`walk` the fast path through it.
"""
