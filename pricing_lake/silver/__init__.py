"""The silver layer, one meaning per column: one file per table, a transform and a decorator, nothing else."""
