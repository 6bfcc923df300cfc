"""The door of a node: where partners and clients ask, each known by its own key or token."""
