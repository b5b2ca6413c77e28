"""The admin API's models, and their conversion to and from the contract.

Pure functions. A model checks the shape only; the services validate values.
"""
