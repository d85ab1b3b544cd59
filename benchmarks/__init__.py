"""One module per claim about speed or memory, run by hand as `python -m benchmarks.<name>`; never part of a test."""
