"""TLS for servers: certificates, contexts and handshakes.

Only this package imports cryptography and pyOpenSSL. Twisted's reactor imports both
anyway, so this adds nothing to the start.
"""
