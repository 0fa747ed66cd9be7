"""How customers behave: arrays in, arrays out, one file a model."""
