"""CAP-8: tokens per second and latency of a deployment from its model, format, GPU and load. Physics, few constants."""
