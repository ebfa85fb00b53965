"""Documents: one declaration of a field reads, writes and describes it.

`reading` parses JSON, `kinds` defines the kinds of values, `document` compiles an attrs
class into a reader, a writer, JSON Schemas and the rows of the reference, and `view`
does so for documents that are only written.

This is the only package that imports cattrs, and it contains nothing about mail.
"""
