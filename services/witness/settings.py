"""What the witness is told from outside."""

from pathlib import Path

from services.kernel.settings import Address, SoukSettings


class WitnessSettings(SoukSettings):
    """Where it listens, and the file in which it keeps what it has seen."""

    listen: Address
    witness_file: Path
