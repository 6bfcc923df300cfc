"""Questions that partners answer together in private: proposed, approved, declined."""
