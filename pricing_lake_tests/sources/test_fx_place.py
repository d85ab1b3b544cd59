"""Rates in files: read like those of the web, and an address that cannot be is one clear error."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from pricing_lake.errors import ConfigurationError, PricingLakeError, SourceDataError, SourceUnavailableError
from pricing_lake.sources.fx import FULL_DOCUMENT, RECENT_DOCUMENT, EcbRates
from pricing_lake.sources.fx_download import DownloadOptions
from pricing_lake.sources.fx_place import fetch
from pricing_lake.sources.window import Window, read_whole
from pricing_lake_tests.sources.ecb import WEEK, rates_xml

DAY = Window(datetime(2026, 3, 5, tzinfo=UTC), datetime(2026, 3, 6, tzinfo=UTC))


def folder_with(folder: Path, body: bytes) -> str:
    for name in (RECENT_DOCUMENT, FULL_DOCUMENT):
        (folder / name).write_bytes(body)
    return folder.as_uri()


def test_rates_of_a_folder_with_a_space_in_its_name(tmp_path: Path) -> None:
    (tmp_path / "my rates").mkdir()
    source = EcbRates(folder_with(tmp_path / "my rates", rates_xml(WEEK)))
    rows, _ = read_whole(source, DAY)
    assert [(row["ccy"], row["rate"]) for row in rows.to_pylist()] == WEEK["2026-03-05"]
    assert source.name == "rates_files"
    assert source.probe().last_day == date(2026, 3, 9)


def test_files_end_as_documents_of_the_web_do(tmp_path: Path) -> None:
    source = EcbRates(folder_with(tmp_path, rates_xml(WEEK)))
    with pytest.raises(SourceUnavailableError, match="no rates of 2026-03-10 yet"):
        read_whole(source, Window(datetime(2026, 3, 10, tzinfo=UTC), datetime(2026, 3, 11, tzinfo=UTC)))


@pytest.mark.parametrize(
    ("url", "error"),
    [
        ("file:///no/such/folder", "cannot be read (FileNotFoundError); check FX_URL"),
        ("file://elsewhere/folder", "FX_URL names a host for files"),
        ("rates/folder", "FX_URL is not a web address"),
    ],
)
def test_an_address_that_leads_nowhere(url: str, error: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read_whole(EcbRates(url), DAY)
    assert error in str(caught.value)


def test_a_file_that_is_too_large_or_a_folder(tmp_path: Path) -> None:
    address = folder_with(tmp_path, b"x" * 9_000)
    cases: dict[str, type[PricingLakeError]] = {RECENT_DOCUMENT: SourceDataError, ".": ConfigurationError}
    for name, error in cases.items():
        with pytest.raises(error):
            fetch(f"{address}/{name}", DownloadOptions(max_bytes=8_000))
