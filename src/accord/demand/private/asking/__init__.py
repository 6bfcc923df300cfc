"""What partners agree on before they compute together: the question, and their words on it."""
