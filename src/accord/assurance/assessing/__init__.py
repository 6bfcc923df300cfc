"""What a buyer makes of the evidence: a verdict on each requirement, one for itself, and why."""
