"""Alerts: drafted, released, subscribed to, and delivered."""
