"""Housekeeping: what a table leaves behind, found and then removed. Each chore finds first; nothing else deletes."""
