"""Settings that only this service reads."""

from services.kernel.process.settings import Address, SoukSettings


class CommerceSettings(SoukSettings):
    """Where the catalogue is asked what may be sold, and at which price."""

    catalog_opt_in: Address
