"""Named, reproducible streams of chance for the synthetic shop. Nothing here is fit for secrets."""

import random


def stream(*name: object) -> random.Random:
    """The stream of chance called by these parts: the same parts give the same numbers in every process."""
    return random.Random("/".join(str(part) for part in name))  # noqa: S311
