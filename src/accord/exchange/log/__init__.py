"""The audience log: an append-only Merkle log of what one audience is given.

Source: RFC 6962 (hashing, proofs); C2SP tlog-tiles, tlog-checkpoint, signed-note,
tlog-cosignature, tlog-witness.
"""
