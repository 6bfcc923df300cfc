"""What the door answers, by what is asked for: logs, envelopes, acknowledgements, objects."""
