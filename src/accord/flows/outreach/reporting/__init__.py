"""Reports from the public: taken, decided on by a person, answered, and made into indicators."""
