"""Settings of the witness."""

from pathlib import Path

from services.kernel.process.settings import Address, SoukSettings


class WitnessSettings(SoukSettings):
    """Its listening address, and the file that records what it has seen."""

    listen: Address
    witness_file: Path
