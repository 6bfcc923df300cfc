"""The list of dangers in the formats of resolvers, browsers and programs, in signed editions."""
