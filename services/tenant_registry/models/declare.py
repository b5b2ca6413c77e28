"""How the registry declares its tables."""

from sqlalchemy import MetaData
from sqlalchemy.orm import DeclarativeBase

from services.kernel.data.tables import NAMING


class Base(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMING)
