"""TLS on the side of the server: certificates, contexts and handshakes.

The only room that knows cryptography and pyOpenSSL. Importing it costs nothing
more: Twisted's reactor has both.
"""
