"""The floor over TLS: a bare receiver with a certificate of trustme's."""

import trustme
from twisted.internet.ssl import CertificateOptions, PrivateCertificate


def make_context() -> CertificateOptions:
    """Return what Twisted does of itself, with a key on P-256 as mocksmtp's are."""
    issued = trustme.CA().issue_cert("floor.test")
    pem = issued.private_key_and_cert_chain_pem.bytes()
    options: CertificateOptions = PrivateCertificate.loadPEM(pem).options()
    return options


if __name__ == "__main__":
    from benchmarks.floor import FloorFactory
    from benchmarks.listening import listen_and_run

    listen_and_run(FloorFactory(), make_context())
