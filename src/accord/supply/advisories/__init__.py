"""What is known to be wrong: advisories, exploitation, scores, life cycles and VEX, as facts."""
