"""How Stripe is reached, from the secret stripe.json, written by the operator.

{"secret_key": "sk_live_…", "webhook_secrets": ["whsec_…"]}
"""

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, TypeAdapter

from services.kernel.process.settings import json_secret

Text = Annotated[str, Field(min_length=1, max_length=500)]


def _base(text: str) -> str:
    if not text.startswith(("https://", "http://127.0.0.1:")):
        raise ValueError("must be https, or http on 127.0.0.1")
    return text.rstrip("/")


class StripeSettings(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    secret_key: Text
    webhook_secrets: tuple[Text, ...] = Field(default=(), max_length=4)
    """Several while one replaces another; without any, no webhook is taken."""
    api_base: Annotated[Text, AfterValidator(_base)] = "https://api.stripe.com"


_Settings = TypeAdapter(StripeSettings)


def stripe_settings(folder: Path) -> StripeSettings | None:
    """Reads stripe.json; without it nobody pays with Stripe, an invalid one ends the process."""
    return json_secret(folder / "stripe.json", _Settings)
