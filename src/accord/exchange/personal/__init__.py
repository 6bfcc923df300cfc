"""Personal data in what is about to leave: found, shown to a person, cut where they say so."""
