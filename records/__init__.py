"""The case record: tables, settings, the audit chain, and the engine that stages share."""
