"""How a reply looks: as it arrives, safe for a terminal."""
