"""Channels of alerts: mail, Telegram, and a webhook."""
