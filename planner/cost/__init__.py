"""One module per way to pay."""
