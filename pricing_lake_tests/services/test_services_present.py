"""The outside programs that the tests of this folder need are here; what is missing is named with its package."""

from pathlib import Path

import pytest

from pricing_lake_tests.services.browser import ChromiumMissingError, chromium


@pytest.mark.services
def test_chromium_is_installed() -> None:
    try:
        assert Path(chromium()).is_file()
    except ChromiumMissingError as missing:
        pytest.fail(str(missing), pytrace=False)


@pytest.mark.services
def test_postgresql_is_installed(postgres_url: str) -> None:
    assert postgres_url.startswith("postgresql://")


@pytest.mark.services
def test_a_missing_browser_is_told_with_its_package(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ChromiumMissingError, match=r"apt-get install chromium"):
        chromium()
