"""What is told to the public and to subscribers, in the database."""
