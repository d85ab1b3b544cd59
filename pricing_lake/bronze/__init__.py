"""The bronze layer, what the sources said: one file per table, a transform and a decorator, nothing else."""
