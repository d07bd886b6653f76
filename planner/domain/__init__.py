"""The nouns: frozen values with units in their names."""
