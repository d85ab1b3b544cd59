"""Clients of the systems the lake reads from: each gives raw Arrow batches of one window and never judges a value."""
