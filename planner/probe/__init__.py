"""Measuring a live server over HTTP, reading other tools' results, and keeping what was measured."""
