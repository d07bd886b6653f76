"""How much one replica can do, whether the model fits, and how many replicas the demand needs."""
