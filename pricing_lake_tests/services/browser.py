"""A real headless Chromium on Dagster's pages: opens one, waits for what it should show, keeps a picture of it."""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from playwright.sync_api import Error, Page, ViewportSize, sync_playwright

PACKAGE = "chromium"
SCREENSHOTS = Path(__file__).resolve().parents[2] / "build" / "screenshots"
VIEWPORT = ViewportSize(width=1600, height=1000)
WHOLE_GRAPH = ViewportSize(width=2600, height=3600)
MILLISECONDS_TO_SHOW = 20_000
ARGUMENTS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


class ChromiumMissingError(RuntimeError):
    """No Chromium is installed; the text names the package that brings it."""


def chromium() -> str:
    """The browser's program. Raises ChromiumMissingError naming Debian's package when there is none."""
    found = shutil.which(PACKAGE)
    if found is None:
        raise ChromiumMissingError(
            f"Chromium is not installed: install Debian's package {PACKAGE} (apt-get install {PACKAGE})"
        )
    return found


@dataclass(frozen=True)
class DagsterPages:
    """The pages of the Dagster at `url`. Each method returns the page's visible text and keeps `<name>.png`.

    What is `awaited` is given twenty seconds; a page that never shows it is kept as it is, for the test to judge.
    """

    page: Page
    url: str

    def graph(self, name: str, groups: Sequence[str], awaited: str) -> str:
        """The graph of all assets, these groups expanded, on a screen large enough to show every node."""
        self.page.set_viewport_size(WHOLE_GRAPH)
        self._open(f"/asset-groups?expanded={quote(','.join(f'global@global:{group}' for group in groups))}")
        text = self._kept(name, awaited)
        self.page.set_viewport_size(VIEWPORT)
        return text

    def asset(self, name: str, asset: str, awaited: str) -> str:
        """The overview of one asset: description, columns, owners, kinds."""
        self._open(f"/assets/{asset}")
        return self._kept(name, awaited)

    def partitions(self, name: str, asset: str, partition: str, awaited: str) -> str:
        """The partitions of one asset, with the facts of one of them."""
        self._open(f"/assets/{asset}?view=partitions&partition={partition}")
        return self._kept(name, awaited)

    def verdicts(self, name: str, asset: str, check: str, partition: str, awaited: str) -> str:
        """The Partitions page of one check, with the verdict of one partition unfolded."""
        self._open(f"/assets/{asset}?view=checks&checkDetail={check}")
        # The asset has a tab of the same name, which is a link.
        self.page.locator("button[role=tab]").get_by_text("Partitions").click()
        self._wait_for(awaited)
        self.page.get_by_text(partition, exact=True).first.click()
        self._wait_for("Target materialization")
        return self._kept(name, awaited)

    def run(self, name: str, run_id: str, awaited: str) -> str:
        """The page of one run, with its log."""
        self._open(f"/runs/{run_id}")
        return self._kept(name, awaited)

    def runs(self, name: str, awaited: str) -> str:
        """The list of all runs."""
        self._open("/runs")
        return self._kept(name, awaited)

    def rules(self, name: str) -> str:
        """The table of rules behind the verdict that `verdicts` has just unfolded."""
        self.page.get_by_text("[Show Markdown]").first.click()
        return self._kept(name, "severity")

    def _open(self, path: str) -> None:
        self.page.goto(self.url + path)

    def _wait_for(self, text: str) -> None:
        with suppress(Error):
            self.page.get_by_text(text).first.wait_for(timeout=MILLISECONDS_TO_SHOW)

    def _kept(self, name: str, awaited: str) -> str:
        self._wait_for(awaited)
        # The text comes before the colours: transitions and images of the last request.
        self.page.wait_for_timeout(1_000)
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=SCREENSHOTS / f"{name}.png")
        return self.page.inner_text("body")


@contextmanager
def open_pages(url: str) -> Iterator[DagsterPages]:
    """A browser of its own on the Dagster at `url`, closed when the block ends."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=list(ARGUMENTS))
        try:
            yield DagsterPages(browser.new_page(viewport=VIEWPORT), url)
        finally:
            browser.close()
