"""Parts of `scripts.fit_throughput`."""
