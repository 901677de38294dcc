"""Names -> parts of paths that every file system takes."""

import hashlib
import re

LONGEST = 60


def slug(name: str) -> str:
    """Returns a name for a file: lower-case letters, digits, - and _; a digest tells apart what would become alike."""
    safe = re.sub(r"[^a-z0-9_-]+", "-", name.lower()).strip("-")[:LONGEST]
    if safe and safe == name:
        return safe
    return f"{safe or 'name'}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"
