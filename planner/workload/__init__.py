"""Workload: what a usage log says about volume, lengths and peaks."""
