"""What is told to the public and to subscribers: alerts, dangers, lists and lessons."""
