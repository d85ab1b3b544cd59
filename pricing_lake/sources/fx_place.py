"""Where rate documents lie: a folder on the web or one of files. How the web is asked is in `fx_download`."""

from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

from pricing_lake.errors import ConfigurationError, SourceDataError
from pricing_lake.sources.fx_download import Download, DownloadOptions, download, require_plain_address


def require_place(url: str) -> None:
    """Raise ConfigurationError unless `url` can be a folder of rates: http(s) without secrets, or file:///folder."""
    if not is_of_files(url):
        require_plain_address(url)
    elif urlsplit(url).netloc:
        raise ConfigurationError("FX_URL names a host for files; write it as file:///folder, or https://host/folder")


def is_of_files(url: str) -> bool:
    """Whether `url` leads to files of this machine."""
    return url.startswith("file:")


def fetch(address: str, options: DownloadOptions) -> Download:
    """Return what is behind `address`. Raises what `download` does, for files likewise."""
    if not is_of_files(address):
        return download(address, options)
    path = Path(url2pathname(urlsplit(address).path))
    try:
        if path.stat().st_size > options.max_bytes:
            raise SourceDataError(f"{address} has more than {options.max_bytes:,} bytes, which rates never have")
        return Download(path.read_bytes(), None)
    except OSError as error:
        raise ConfigurationError(f"{address} cannot be read ({type(error).__name__}); check FX_URL") from error
