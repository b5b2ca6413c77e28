"""Settings from the environment; a process refuses to start if any is invalid."""

import json
import re
import sys
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal, TypeVar

from pydantic import AfterValidator, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, SettingsConfigDict

from services.kernel.process import tenant_ids
from services.kernel.process.certificates import Certificate, certificate_in
from services.kernel.process.secret_files import Secret, SecretFile

T = TypeVar("T")


def _address(text: str) -> str:
    host, colon, port = text.rpartition(":")
    if not (host and colon and port.isdigit() and 1 <= int(port) <= 65535):
        raise ValueError("must be host:port")
    return text


def _tenant_id(text: str) -> str:
    if not tenant_ids.TENANT_ID.fullmatch(text):
        raise ValueError(tenant_ids.RULE)
    return text


def _email(text: str) -> str:
    if len(text) > 254 or not re.fullmatch(r"[^@\s]+@[^@\s]+", text):
        raise ValueError("must be an e-mail address of at most 254 characters")
    return text


# Not pydantic's `pattern`: its error would show the operator a regular expression.
Address = Annotated[str, AfterValidator(_address)]
TenantId = Annotated[str, AfterValidator(_tenant_id)]
Email = Annotated[str, AfterValidator(_email)]


class SoukSettings(BaseSettings):
    """Settings of every process; each comes from SOUK_ and its name in capitals."""

    model_config = SettingsConfigDict(env_prefix="SOUK_", frozen=True)

    secrets: Path
    head_office: TenantId = "hq"
    base_domain: str = "impactnutrition.com"
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    internal_listen: Address = "127.0.0.1:9464"
    """For operators alone: health and metrics."""
    tls: Path | None = None

    @cached_property
    def certificate(self) -> Secret[Certificate] | None:
        """What this process shows others in mutual TLS; None without SOUK_TLS."""
        return None if self.tls is None else certificate_in(self.tls)

    def secret(self, name: str) -> str:
        """Reads a secret file; if it is missing, the process stops and names it."""
        path = self.secrets / name
        try:
            return path.read_text().strip()
        except OSError as error:
            raise SystemExit(f"souk: cannot read the secret {path}: {error.strerror}") from None

    def secret_file(self, name: str, read: Callable[[str], T]) -> SecretFile[T]:
        """Opens a secret that may be replaced while this process runs."""
        return SecretFile(self.secrets / name, read)


class ServiceSettings(SoukSettings):
    """Additional settings of a gRPC service."""

    listen: Address
    postgres: Address
    audit: Address | None = None


S = TypeVar("S", bound=BaseSettings)


def in_words(problem: ErrorDetails) -> str:
    """Words what pydantic found for an operator, without the value, which may be a secret."""
    return problem["msg"].removeprefix("Value error, ")


def load(kind: type[S]) -> S:
    """Reads settings from the environment, or exits with one line for each invalid one."""
    try:
        return kind()
    except ValidationError as error:
        for problem in error.errors():
            name = "SOUK_" + "_".join(str(part) for part in problem["loc"]).upper()
            print(f"souk: invalid setting {name}: {in_words(problem)}", file=sys.stderr)  # noqa: T201
        raise SystemExit(2) from None


def json_secret(path: Path, kind: TypeAdapter[T]) -> T | None:
    """Reads a secret that an operator may write; None without it, an invalid one ends the process.

    What is wrong is told without the value, which may be the secret.
    """
    if not path.exists():
        return None
    try:
        return kind.validate_python(json.loads(path.read_text()))
    except ValidationError as error:
        flaws = [f"{'.'.join(map(str, flaw['loc']))}: {in_words(flaw)}" for flaw in error.errors()]
        raise SystemExit(f"souk: the secret {path} is invalid: {'; '.join(flaws)}") from None
    except (OSError, ValueError) as error:
        what = f"it cannot be read as JSON ({type(error).__name__})"
        raise SystemExit(f"souk: the secret {path} is invalid: {what}") from None
