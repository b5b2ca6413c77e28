"""What the admin API takes and gives: models, and their translation to and from the contract.

Pure. A model checks shapes alone; what a value may be is the services' to say.
"""
