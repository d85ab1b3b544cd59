"""The lake's masking key as a Dagster resource. It is read when a run opens it: no run config and no UI holds it."""

import base64
import os
import secrets
from pathlib import Path
from typing import TYPE_CHECKING

import dagster as dg

from pricing_lake.errors import ConfigurationError

if TYPE_CHECKING:
    from pricing_lake.governance.lane_masking import LaneMasking
    from pricing_lake.governance.masking import MaskingKey

SETTING = "PRICING_LAKE_MASKING_KEY"
KEY_FILE = "masking.key"
_LOCAL = "local"
_OTHERS = 0o077


class MaskingResource(dg.ConfigurableResource["MaskingResource"]):
    """Where the key of all tokens comes from: the setting PRICING_LAKE_MASKING_KEY, else `masking.key` in the home.

    Only the local stage makes such a file, once, for its owner alone. Whoever loses it keeps the tables and can never
    make the same tokens again: keep a copy elsewhere.
    """

    home: str
    stage: str = _LOCAL

    def key(self) -> "MaskingKey":
        """The key. Raises ConfigurationError when there is none, it cannot be used or others may read its file."""
        from pricing_lake.governance.masking import MaskingKey

        written = os.environ.get(SETTING, "").strip()
        return MaskingKey.from_text(written or self._from_file())

    def _from_file(self) -> str:
        path = Path(self.home) / KEY_FILE
        if self.stage != _LOCAL:
            raise ConfigurationError(
                f"stage {self.stage} has no masking key; set {SETTING} to base64 of 32 random bytes that all its "
                "machines share"
            )
        if not path.exists():
            _make(path)
        if path.stat().st_mode & _OTHERS:
            raise ConfigurationError(f"others may read {path}; make it yours alone with `chmod 600 {path}`")
        try:
            return path.read_text(encoding="ascii")
        except (OSError, UnicodeDecodeError):
            raise ConfigurationError(f"{path} cannot be read as a masking key; restore it from its copy") from None


def lane_masking() -> "LaneMasking | None":
    """Mask error lanes where PRICING_LAKE_MASKING_KEY is set; the local stage's key file leaves them as received."""
    from pricing_lake.governance.lane_masking import LaneMasking
    from pricing_lake.governance.masking import MaskingKey

    written = os.environ.get(SETTING, "").strip()
    return LaneMasking(MaskingKey.from_text(written)) if written else None


def _make(path: Path) -> None:
    """Write a new key, complete before it has its name; where another process was quicker, its key stands."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{KEY_FILE}.{secrets.token_hex(8)}")
    text = base64.b64encode(secrets.token_bytes(32)).decode() + "\n"
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        path.hardlink_to(draft)
    except FileExistsError:
        pass
    finally:
        draft.unlink(missing_ok=True)
