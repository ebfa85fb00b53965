"""Documents of behaviors, nearly all of which are valid."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from mocksmtp.behaviors.condition import COMPARISONS
from mocksmtp.behaviors.point import DISCARDING, Command
from mocksmtp.behaviors.response import Effect, Then
from mocksmtp.behaviors.target import (
    NAMED,
    Subject,
    Target,
    key_known_at,
    natural_subject,
)

Documents = st.SearchStrategy[dict[str, Any]]

names = st.sampled_from(["a", "Started", "down", "x y", "é"])
durations = st.one_of(
    st.integers(0, 10**6),
    st.floats(0, 10**5),
    st.sampled_from(["250ms", "2s", "5m", "1.5h", "0s", "24h"]),
)
lasting = durations.filter(lambda value: value not in (0, "0s")).map(
    lambda value: max(1, value) if isinstance(value, (int, float)) else value
)
values = {
    **dict.fromkeys(COMPARISONS, st.text(max_size=8) | st.integers(0, 99)),
    "matches": st.sampled_from(["a+", "(a+)+$", "^x|y.*z", ".", "é", r"\d{2}", ""]),
    "lessThan": st.integers(-5, 10**6)
    | st.floats(allow_nan=False).filter(lambda number: abs(number) < 1e308),
    "atLeast": st.integers(0, 99) | st.sampled_from(["5", "+1.5", "1e3"]),
    "inNetwork": st.sampled_from(["10.0.0.0/8", "::/0", "192.0.2.1", "fe80::/10"]),
}


def targets(command: Command) -> st.SearchStrategy[str]:
    """Those that can be known at a command."""
    known = [
        f"{subject.value}:X-Name" if subject in NAMED else subject.value
        for subject in Subject
        if Target(subject).known_at(command)
    ]
    return st.sampled_from(known)


def conditions(command: Command) -> Documents:
    """Conditions that make sense at a command."""
    target = {"target": targets(command)}
    needed = natural_subject(command) is None
    must, may = (target, {}) if needed else ({}, target)

    def comparison(operator: str) -> Documents:
        case = {"ignoreCase": st.booleans()} if COMPARISONS[operator].HAS_CASE else {}
        fields = {"operator": st.just(operator), "matchingValue": values[operator]}
        return st.fixed_dictionaries({**fields, **must}, optional={**may, **case})

    leaves = st.one_of(
        st.just({"operator": "matchAll"}),
        st.sampled_from(["exists", "absent"]).flatmap(
            lambda name: st.fixed_dictionaries({"operator": st.just(name), **target})
        ),
        st.sampled_from(list(COMPARISONS)).flatmap(comparison),
    )
    return st.recursive(
        leaves,
        lambda inner: st.one_of(
            st.fixed_dictionaries({"operator": st.just("not"), "condition": inner}),
            st.fixed_dictionaries(
                {
                    "operator": st.sampled_from(["all", "any"]),
                    "conditions": st.lists(inner, min_size=1, max_size=3),
                }
            ),
        ),
        max_leaves=5,
    )


delays = st.one_of(
    durations,
    st.fixed_dictionaries({"type": st.just("fixed"), "milliseconds": durations}),
    st.fixed_dictionaries(
        {
            "type": st.just("uniform"),
            "lower": st.integers(0, 5),
            "upper": st.integers(5, 99),
        }
    ),
    st.fixed_dictionaries(
        {
            "type": st.just("lognormal"),
            "median": durations,
            "sigma": st.floats(0, 10),
        },
        optional={"maxValue": durations},
    ),
)
messages = st.text(max_size=20).map(lambda text: text.replace("\r", "\n"))


def responses(command: Command, in_turn: bool = False) -> Documents:
    """Responses that make sense at a command."""
    effects = [e.value for e in Effect if e is not Effect.DISCARD]
    if command in DISCARDING:
        effects.append(Effect.DISCARD.value)
    common: dict[str, st.SearchStrategy[Any]] = {
        "effect": st.sampled_from(effects),
        "delay": delays,
        "drip": st.fixed_dictionaries(
            {"interval": lasting}, optional={"bytes": st.integers(1, 99)}
        ),
        "then": st.sampled_from([then.value for then in Then]),
        "thenDelay": durations,
    }
    if in_turn:
        common["times"] = st.integers(1, 3)
    code = {"code": st.integers(200, 599) | st.just("0354")}
    message = targets(command).map(lambda name: f"a {{{{{name}}}}} {{b}}\nc")
    return st.one_of(
        st.fixed_dictionaries(
            code,
            optional={
                **common,
                "message": messages | st.integers(),
                "enhancedCode": st.just("4.7.1"),
            },
        ),
        st.fixed_dictionaries(
            {**code, "message": message, "template": st.just(True)}, optional=common
        ),
        st.fixed_dictionaries(
            {"raw": st.binary(max_size=9).map(lambda octets: octets.decode("latin-1"))},
            optional=common,
        ),
        *(
            st.fixed_dictionaries(
                {name: common[name]},
                optional={n: v for n, v in common.items() if n != name},
            )
            for name in ("delay", "drip", "effect")
        ),
    )


gates: dict[str, st.SearchStrategy[Any]] = {
    "numberOfAnswer": st.sampled_from([None, 1, 2, "3", ""]),
    "skip": st.integers(0, 3),
    "activeFor": lasting,
    "window": lasting,
    "probability": st.floats(0, 1, exclude_min=True),
    "scenario": st.fixed_dictionaries(
        {"name": names},
        optional={
            "state": st.sampled_from(["a", "Started"]),
            "next": st.sampled_from(["b", "c"]),
        },
    ),
    "tag": names,
}
"""What stands between a condition that holds and an answer."""


def _documents(command: Command) -> Documents:
    keys = ["connection", "transaction", *(s.value for s in Subject if s not in NAMED)]
    known = [
        name
        for name in keys
        if key_known_at(name if name in keys[:2] else Target(Subject(name)), command)
    ]
    optional: dict[str, st.SearchStrategy[Any]] = {
        **gates,
        "condition": conditions(command),
        "per": st.just("global")
        | st.sampled_from(known)
        | st.lists(st.sampled_from(known), min_size=1, max_size=3, unique=True),
    }
    several = st.lists(responses(command, True), min_size=1, max_size=3)
    return st.one_of(
        st.fixed_dictionaries(
            {"command": st.just(command.value), "response": responses(command)},
            optional=optional,
        ),
        st.fixed_dictionaries(
            {"command": st.just(command.value), "responses": several},
            optional=optional,
        ),
    )


documents: Documents = st.sampled_from(Command).flatmap(_documents)
