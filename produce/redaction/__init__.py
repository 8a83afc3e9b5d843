"""Redaction: what is to be made unreadable, burned in, and looked for in what was produced."""
