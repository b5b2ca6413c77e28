"""The API's documents and bodies, one file per resource: declared, and free of rules.

They check shapes only; the services check values.
"""
