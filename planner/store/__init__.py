"""Keeping scenarios: a file of saved revisions, and links that carry a scenario by themselves."""
