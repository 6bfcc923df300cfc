"""Supply-chain risk: from an advisory, a sighting or a new bill to the operators exposed."""
