"""What is told to the public and to subscribers: drafted, released, delivered."""
