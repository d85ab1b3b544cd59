"""What every table of the lake is, declared once and rendered many times. Imports neither Dagster nor any client."""
