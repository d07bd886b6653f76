"""What all tests share: hypothesis has no deadline, so that a busy machine does not fail a test at random."""

from hypothesis import settings

settings.register_profile("planner", deadline=None)
settings.load_profile("planner")
