"""Settings that only audit reads."""

from services.kernel.process.settings import Address, SoukSettings


class AuditSettings(SoukSettings):
    """Without SOUK_WITNESS, checkpoints are signed by audit alone."""

    witness: Address | None = None
