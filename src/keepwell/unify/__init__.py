"""Source files in, clean facts out, every row accounted for."""
