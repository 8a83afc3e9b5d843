"""What holds for all tests."""

import pytest
from hypothesis import settings

# No example is failed for the time it took: that would be a timed assertion.
settings.register_profile("redwell", deadline=None)
settings.load_profile("redwell")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Modules with slow tests come first, so that no core waits for the last of them at the end."""
    slow = {each.path for each in items if each.get_closest_marker("slow")}
    items.sort(key=lambda each: each.path not in slow)
