"""The one public door: it finds out whose shop a request is for and who asks, and speaks HTTP.

It holds no business rule: it translates between Medusa's conventions and the services.
"""
