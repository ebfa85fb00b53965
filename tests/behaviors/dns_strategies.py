"""Documents of DNS behaviors, all of which are valid."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from mocksmtp.behaviors.condition import COMPARISONS
from mocksmtp.behaviors.dns import RCODES, DnsSubject, DnsThen, Wrong
from mocksmtp.zone.rdata import HostTLSA, Secure
from mocksmtp.zone.records import Record, record_document
from tests.behaviors.smtp_strategies import Documents, delays, gates, values
from tests.zone.strategies import names, rdatas

TYPES = ["A", "MX", "TXT", "TLSA", "TYPE255", "TYPE65280", "NS"]

told = st.builds(
    Record,
    names,
    rdatas.filter(lambda rdata: not isinstance(rdata, HostTLSA | Secure)).filter(
        lambda rdata: rdata.type not in (65353, 65354)
    ),
    st.integers(0, 9),
)
"""Records that can be told."""

targets = st.sampled_from([subject.value for subject in DnsSubject])


def _comparison(operator: str) -> Documents:
    case = {"ignoreCase": st.booleans()} if COMPARISONS[operator].HAS_CASE else {}
    fields = {"operator": st.just(operator), "matchingValue": values[operator]}
    return st.fixed_dictionaries(fields, optional={"target": targets, **case})


leaves = st.one_of(
    st.just({"operator": "matchAll"}),
    st.sampled_from(["exists", "absent"]).flatmap(
        lambda name: st.fixed_dictionaries(
            {"operator": st.just(name)}, optional={"target": targets}
        )
    ),
    st.sampled_from(list(COMPARISONS)).flatmap(_comparison),
)
conditions = leaves | st.fixed_dictionaries(
    {
        "operator": st.sampled_from(["all", "any"]),
        "conditions": st.lists(leaves, min_size=1, max_size=3),
    }
)


def responses(in_turn: bool = False) -> Documents:
    """Responses that make sense."""
    common: dict[str, st.SearchStrategy[Any]] = {"delay": delays}
    if in_turn:
        common["times"] = st.integers(1, 3)
    says: dict[str, st.SearchStrategy[Any]] = {
        "rcode": st.sampled_from(RCODES),
        "records": st.lists(told.map(record_document), max_size=3),
        "ad": st.booleans(),
        "wrong": st.sampled_from([one.value for one in Wrong]),
        "then": st.sampled_from(["continue", "truncate"]),
    }
    silent = [then.value for then in DnsThen if then.is_silent]
    every = {**common, **says}
    return st.one_of(
        *(
            st.fixed_dictionaries(
                {name: every[name]},
                optional={n: v for n, v in every.items() if n != name},
            )
            for name in ("delay", "rcode", "records")
        ),
        st.fixed_dictionaries({"then": st.sampled_from(silent)}, optional=common),
        st.fixed_dictionaries(
            {"raw": st.binary(max_size=30).map(bytes.hex)},
            optional={**common, "wrong": st.just("id")},
        ),
    )


_optional: dict[str, st.SearchStrategy[Any]] = {
    **gates,
    "condition": conditions,
    "per": st.just("global")
    | targets
    | st.lists(targets, min_size=1, max_size=3, unique=True),
}
_query = {
    "query": st.just("ANY")
    | st.sampled_from(TYPES)
    | st.lists(st.sampled_from(TYPES), min_size=1, max_size=3, unique=True)
}
documents: Documents = st.one_of(
    st.fixed_dictionaries({**_query, "response": responses()}, optional=_optional),
    st.fixed_dictionaries(
        {**_query, "responses": st.lists(responses(True), min_size=1, max_size=3)},
        optional=_optional,
    ),
)
