"""The partnership's directory: who the partners are, signed by a threshold of them.

It is a TUF repository (The Update Framework) whose targets are one record a partner and one
charter. Keys, addresses and rules change only when enough partners sign.
"""
