"""Joint asks: agreed, sent, answered, fixed."""
