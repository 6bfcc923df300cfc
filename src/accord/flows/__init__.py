"""What a node does, one verb a file: each joins the domains with the ports that it needs."""
