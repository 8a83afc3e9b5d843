"""What holds for all tests."""

from hypothesis import settings

# No example is failed for the time it took: that would be a timed assertion.
settings.register_profile("redwell", deadline=None)
settings.load_profile("redwell")
