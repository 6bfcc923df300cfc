"""From evidence and facts to verdicts, and what is made known of them."""
