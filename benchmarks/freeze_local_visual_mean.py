"""Makes the mean that `local-visual-v1` subtracts, from 580 product photos.

By itself it only compares with the frozen one; `--write` replaces that, which needs a new model id.
"""

import argparse
from pathlib import Path

import numpy as np
import pyarrow.parquet as parquet

from pricing_lake.images.canvas import load_canvas
from pricing_lake.images.descriptors import describe

PROJECT = Path(__file__).resolve().parents[1]
PHOTOS = PROJECT.parent / "shared" / "data" / "clothing_images" / "clothing_images_dev.parquet"
MEAN = PROJECT / "pricing_lake" / "images" / "local_visual_v1_mean.npy"


def main() -> None:
    """Compute the mean over the photos in the order of their sha256, then compare or write."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--write", action="store_true", help="replace the frozen mean")
    write = arguments.parse_args().write
    photos = parquet.read_table(PHOTOS, columns=["sha256", "jpeg"]).sort_by("sha256")
    described = [describe(load_canvas(photo.as_py())) for photo in photos["jpeg"]]
    mean = np.mean(described, axis=0).astype("<f4")
    if write:
        np.save(MEAN, mean, allow_pickle=False)
        print(f"wrote the mean of {len(described)} photos, {len(mean)} numbers")
    else:
        difference = np.abs(mean - np.load(MEAN, allow_pickle=False)).max()
        print(f"largest difference to the frozen mean over {len(described)} photos: {difference:.2e}")


if __name__ == "__main__":
    main()
