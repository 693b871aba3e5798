"""The patches, by what made them necessary."""
