"""Account for it: receipts, times, and how the exchange stands."""
