"""The `souk` command: `python -m gateway.cli seed|audit`. It needs no database."""

import sys

_USAGE = """usage: souk seed --help     add the demo data through a gateway's HTTP API
       souk audit --help    verify an export of an audit log offline"""


def main(arguments: list[str]) -> int:
    # Imported here only: verifying an export must work without what the seed needs.
    match arguments:
        case ["seed", *rest]:
            from gateway.cli.seed import main as seed

            return seed(rest)
        case ["audit", *rest]:
            from gateway.cli.audit import main as audit

            return audit(rest)
    asks = arguments in (["-h"], ["--help"])
    print(_USAGE, file=sys.stdout if asks else sys.stderr)
    return 0 if asks else 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
