"""The wire's conventions: bodies, query, fields, headers, responses, errors, OpenAPI."""
