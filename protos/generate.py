"""Generates protos/gen from protos/souk, without network: `generate.py [--descriptors FILE]`.

The generated code is not committed: it must match the installed grpcio exactly.
"""

import shutil
import sys
from importlib import resources
from pathlib import Path

from grpc_tools import protoc

ROOT = Path(__file__).resolve().parent
OUT = ROOT / "gen"


def _protoc(*options: str) -> None:
    sources = sorted(str(path) for path in (ROOT / "souk").rglob("*.proto"))
    includes = [str(ROOT), str(resources.files("grpc_tools") / "_proto"), str(_googleapis())]
    code = protoc.main(["protoc", *(f"-I{path}" for path in includes), *options, *sources])
    if code != 0:
        raise SystemExit(code)


def _googleapis() -> Path:
    """Finds the folder that holds google/api and google/type as .proto files."""
    return Path(str(resources.files("google.type") / "..")).resolve().parent


def generate() -> None:
    shutil.rmtree(OUT, ignore_errors=True)
    OUT.mkdir()
    _protoc(
        f"--python_out={OUT}",
        f"--grpc_python_out={OUT}",
        f"--mypy_out=quiet:{OUT}",
        f"--mypy_grpc_out=quiet:{OUT}",
    )


def describe(target: str) -> None:
    """Writes one descriptor set with everything in it: what buf lints and compares."""
    _protoc(f"--descriptor_set_out={target}", "--include_imports", "--include_source_info")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--descriptors"]:
        describe(sys.argv[2])
    else:
        generate()
