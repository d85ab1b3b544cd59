"""The quality layer, what every publish decided: one file per table, a transform and a decorator, nothing else."""
