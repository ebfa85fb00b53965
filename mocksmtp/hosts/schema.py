"""What the documents of hosts take, where that is not what their classes say."""

from __future__ import annotations

from collections.abc import Iterable

from mocksmtp.documents.fields import MAX_COUNT
from mocksmtp.documents.schema import (
    IP_ADDRESSES,
    LINE,
    NAME,
    NULL,
    NUMBER,
    TEXT,
    Schema,
    any_of,
    array_of,
    object_of,
    one_of,
    ref,
    up_to,
    whole,
)
from mocksmtp.documents.units import MAX_SECONDS, duration_pattern
from mocksmtp.hosts.capability_documents import MAX_LINE
from mocksmtp.hosts.documents import MAX_DOMAINS, MAX_NAMES, MAX_SEED, HostFields
from mocksmtp.hosts.limit_documents import LimitsFields
from mocksmtp.hosts.listener_documents import MAX_LISTENERS
from mocksmtp.hosts.listeners import HostDns, Listen, MailDomain
from mocksmtp.hosts.policies import DOMAIN, MAX_AGE, MAX_DOMAIN, PATTERN
from mocksmtp.hosts.policy_documents import MtaStsFields
from mocksmtp.sasl.documents import ANY, MAX_USER, MAX_USERS, AuthFields
from mocksmtp.sasl.settings import Mechanism
from mocksmtp.tls.documents import PEM_BEGIN, VERSIONS, CertificateFields, TlsFields
from mocksmtp.tls.settings import CertificateKind, TlsMode, TlsVersion

HOST_NAME: Schema = {**TEXT, "pattern": "^(?![.]{1,2}$)[A-Za-z0-9._-]{1,253}$"}
"""The name of a host in the API."""

_SIZE: Schema = {
    **TEXT,
    "pattern": "^(?!0+(?![0-9]))(?:[0-9]{1,15}(?:B|Ki?B?)?|[0-9]{1,12}Mi?B?"
    "|[0-9]{1,9}Gi?B?|[0-9]{1,6}Ti?B?)$",
}

_TOLD: Schema = {
    "anyOf": list(IP_ADDRESSES),
    "not": {"enum": ["0.0.0.0", "::"]},
}
"""An address that can be sent to."""

_LINES = array_of({**LINE, "maxLength": MAX_LINE})
_COUNT = any_of(whole(1, MAX_COUNT), NULL)
DURATION: Schema = {**TEXT, "pattern": f"^{duration_pattern()}$"}
LASTING: Schema = {**TEXT, "pattern": f"^{duration_pattern(0.001)}$"}

_TIME = any_of({**NUMBER, "minimum": 1, "maximum": MAX_SECONDS * 1000}, LASTING, NULL)
_VERSION = any_of({**TEXT, "enum": list(VERSIONS)}, NULL)
_PASSWORDS: Schema = {
    "type": "object",
    "propertyNames": {"minLength": 1, "maxLength": MAX_USER},
    "additionalProperties": any_of(TEXT, NULL),
    "maxProperties": MAX_USERS,
}
_PEM: Schema = {**TEXT, "pattern": PEM_BEGIN}
"""What is behind the first line is for no regular expression."""

MTA_STS_DOMAIN: Schema = {
    **TEXT,
    "pattern": f"^{DOMAIN.pattern}$",
    "maxLength": MAX_DOMAIN,
}
"""The domain of an MTA-STS policy."""

_NAME_PATTERN: Schema = {**MTA_STS_DOMAIN, "pattern": f"^(?:{PATTERN.pattern})$"}
_DELAY = any_of(
    {**NUMBER, "minimum": 0, "maximum": MAX_SECONDS * 1000},
    DURATION,
)

TAKEN: dict[tuple[type, str], Schema] = {
    (HostFields, "name"): any_of(HOST_NAME, NULL),
    (HostFields, "hostname"): any_of(
        {**TEXT, "pattern": "^[^\\u0000-\\u0020\\u007f]{1,255}$"}, NULL
    ),
    (HostFields, "capabilities"): any_of(
        _LINES, object_of({"beforeTls": _LINES, "underTls": _LINES}, ())
    ),
    (HostFields, "seed"): any_of(
        {**LINE, "minLength": 1, "maxLength": 100}, whole(-MAX_SEED, MAX_SEED)
    ),
    (HostFields, "listeners"): up_to(MAX_LISTENERS, ref("NewListen")),
    (LimitsFields, "message_size"): any_of(whole(1, 2**62), _SIZE, NULL),
    (LimitsFields, "recipients"): _COUNT,
    (LimitsFields, "connections"): _COUNT,
    (LimitsFields, "idle_time"): _TIME,
    (LimitsFields, "total_time"): _TIME,
    (LimitsFields, "messages"): _COUNT,
    (LimitsFields, "bad_commands"): _COUNT,
    (TlsFields, "mode"): one_of(TlsMode, TlsMode.NONE),
    (TlsFields, "certificate"): any_of(one_of(CertificateKind), ref("NewCertificate")),
    (TlsFields, "min_version"): _VERSION,
    (TlsFields, "max_version"): _VERSION,
    (CertificateFields, "certificate_pem"): _PEM,
    (CertificateFields, "key_pem"): any_of(_PEM, NULL),
    (AuthFields, "mechanisms"): {
        **array_of(one_of(Mechanism)),
        "minItems": 1,
        "uniqueItems": True,
    },
    (AuthFields, "users"): any_of({"const": ANY}, _PASSWORDS),
    (Listen, "port"): whole(0, 0xFFFF),
    (MailDomain, "preference"): whole(0, 0xFFFF),
    (MtaStsFields, "domain"): MTA_STS_DOMAIN,
    (MtaStsFields, "mx"): array_of(_NAME_PATTERN),
    (MtaStsFields, "max_age"): whole(0, MAX_AGE),
    (MtaStsFields, "status"): whole(200, 599),
    (MtaStsFields, "delay"): _DELAY,
    (HostDns, "names"): up_to(MAX_NAMES, NAME),
    (HostDns, "domains"): up_to(MAX_DOMAINS, ref("NewMailDomain")),
    (HostDns, "address"): any_of(_TOLD, array_of(_TOLD)),
}
"""Fields that take more, or less, than their type says."""


def _versions(version: TlsVersion) -> Schema:
    """From below a version, or from it, to it or above."""
    order = list(TlsVersion)
    place = order.index(version)
    least: list[str | None] = [
        n for n, v in VERSIONS.items() if order.index(v) <= place
    ]
    most: list[str | None] = [n for n, v in VERSIONS.items() if order.index(v) >= place]
    return {
        "properties": {
            "minVersion": {"enum": [*least, None]},
            "maxVersion": {"enum": [*most, None]},
        }
    }


def _one_of(mechanisms: Iterable[Mechanism]) -> Schema:
    """An array that contains one of these mechanisms at least."""
    return {"contains": {"enum": [mechanism.value for mechanism in mechanisms]}}


RULES: dict[type, Schema] = {
    AuthFields: {
        "anyOf": [
            {"properties": {"users": {"type": "object"}}, "required": ["users"]},
            {
                "properties": {
                    "mechanisms": _one_of(m for m in Mechanism if not m.is_scram)
                }
            },
        ]
    },
    HostDns: {
        "anyOf": [
            {"properties": {"domains": {"maxItems": 0}}},
            {"properties": {"names": {"minItems": 1}}, "required": ["names"]},
        ],
    },
    HostFields: {
        "anyOf": [
            {"properties": {"tls": {"type": "object"}}, "required": ["tls"]},
            {
                "properties": {
                    "auth": {
                        "properties": {
                            "requireTls": {"const": False},
                            "mechanisms": _one_of(
                                m for m in Mechanism if not m.needs_tls
                            ),
                        }
                    },
                    "listeners": {
                        "items": {"properties": {"tls": {"enum": ["none", None]}}}
                    },
                }
            },
        ],
    },
    TlsFields: {"anyOf": [_versions(version) for version in TlsVersion]},
}
"""What a class asks for besides its fields."""
