"""Saved queries: questions as `.sql` files, one per file, and the reader of their headers. Marts lie in `marts`."""
