"""The options of `setup()`: declared, read, checked and inherited."""
