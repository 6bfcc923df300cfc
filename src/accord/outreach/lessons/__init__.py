"""Short lessons on what attackers do now."""
