"""The version of Souk, of every process."""

VERSION = "0.2.0"
