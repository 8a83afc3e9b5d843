"""What reads a document, as its notes name it."""

import platform

TOOL = "redwell"
VERSION = "2"
"""Version of our own readers; grows when what they read out of the same bytes changes."""

PYTHON = platform.python_version()
