"""What authorities state: their verdicts and what they recognise, as in-toto statements."""
