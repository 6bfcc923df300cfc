"""How much of what a profile of SBOM fields asks for a bill states, counted by machine."""
