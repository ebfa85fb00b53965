"""Documents: each field is declared once; that reads, writes and describes it.

`reading` turns bytes into JSON values, `kinds` has what a value may be, `fields`
declares the fields of an attrs class, and `document` compiles such a class into a
reader, a writer, its JSON Schemas and the rows of its reference.

This is the only package that imports cattrs, and it knows nothing of mail.
"""
