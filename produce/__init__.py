"""Selection to volume: numbering, imaging, load files and the check."""
