"""Who is who, and who may see what: partners, keys, people, clients, markings."""
