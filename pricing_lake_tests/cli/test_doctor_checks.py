from dataclasses import replace
from importlib import metadata

import pytest

from pricing_lake.cli import doctor_checks
from pricing_lake.cli.check import Status
from pricing_lake.cli.doctor_checks import installation, of_stage
from pricing_lake.cli.doctor_sources import SOURCES


@pytest.fixture
def stage(shop):
    return shop.stage


def found(stage):
    return {check.name: check for check in of_stage(stage)}


def check_called(name, stage):
    return next(check for check in of_stage(stage) if check.name == name)


def test_the_installed_versions_are_the_ones_the_lake_was_tried_with():
    assert {check.status for check in installation()} == {Status.OK}


def test_another_version_fails_with_what_to_do(monkeypatch):
    monkeypatch.setattr(doctor_checks, "PINS", {"pyiceberg": "0.11.", "no-such-package": "1."})
    checks = {check.name: check for check in installation()}
    assert (checks["pyiceberg"].status, checks["pyiceberg"].found) == (Status.FAIL, metadata.version("pyiceberg"))
    assert checks["no-such-package"].found == "missing"
    assert "make setup" in checks["pyiceberg"].advice


def test_everything_of_a_sound_lake_is_looked_at(stage):
    checks = found(stage)
    assert list(checks) == ["home", "disk", "catalog", *SOURCES, "image root", "embedder", "engine", "Dagster"]
    assert {check.status for check in checks.values()} <= {Status.OK, Status.WARN}
    assert checks["SmartGo"].found.startswith("sqlite 3.")
    assert checks["embedder"].found.endswith("1024 numbers of length 1.000000")


@pytest.mark.parametrize(("least", "status"), [("LITTLE_SPACE", Status.WARN), ("NO_SPACE", Status.FAIL)])
def test_a_full_disk_is_told(stage, monkeypatch, least, status):
    monkeypatch.setattr(doctor_checks, least, 10**18)
    assert check_called("disk", stage).status is status


def test_a_home_that_is_a_file_fails_and_the_rest_is_still_looked_at(stage, tmp_path):
    home = tmp_path / "file"
    home.touch()
    checks = found(replace(stage, home=home))
    assert checks["home"].status is Status.FAIL
    assert checks["Dagster"].status is Status.FAIL
    assert checks["engine"].status is Status.OK


def test_a_missing_image_root_is_a_warning(stage, tmp_path):
    check = check_called("image root", replace(stage, image_root=tmp_path / "none"))
    assert check.status is Status.WARN
    assert "PRICING_LAKE_IMAGE_ROOT" in check.advice


def test_a_catalog_that_is_no_database_fails_in_one_line(stage):
    (stage.home / "catalog.db").write_text("this is no SQLite file, it only looks like one from far away")
    check = check_called("catalog", stage)
    assert check.status is Status.FAIL
    assert "\n" not in check.found
