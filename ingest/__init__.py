"""Sources to items: folders, archives, mailboxes and messages."""
