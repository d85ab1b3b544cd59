"""The gold layer, the star schema: one file per table, a transform and a decorator, nothing else."""
