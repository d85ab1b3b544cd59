"""Pricing Lake: what is this item worth? The map of the package; nothing else lives here.

    sources ──▶ bronze ──▶ silver ──▶ gold ──▶ marts        data goes one way; every arrow is `lake.publish`

    cli                                  what a person types
    definitions                          assembly: stage in, Dagster definitions out
    bronze silver gold marts             one file per table        schedules sensors    everything with a clock
    table_asset                          contract + reads → a Dagster asset with everything derived
    resources checks                     one resource per outside system; checks that span tables
    engines                              the same SQL on DuckDB, Athena, Spark
    lake images sources                  pure machinery: knows neither Dagster nor the stage
    contracts                            what every table is: one declaration, many renderings
    errors partitions stage              the ground

An import only ever goes down this list (import-linter, setup.cfg).
"""
