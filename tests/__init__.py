"""The tests, as a package of this name: another distribution installs one too."""
