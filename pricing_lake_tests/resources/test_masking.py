"""The masking key: from its setting, else from a file that the local stage makes once, for its owner alone."""

import base64
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from pricing_lake.errors import ConfigurationError
from pricing_lake.resources.masking import KEY_FILE, SETTING, MaskingResource

SECRET = bytes(range(32))


@pytest.fixture(autouse=True)
def _no_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(SETTING, raising=False)


def test_the_setting_is_taken_and_no_file_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SETTING, "k2:" + base64.b64encode(SECRET).decode())
    key = MaskingResource(home=str(tmp_path), stage="prod").key()
    assert (key.version, key.secret) == (2, SECRET)
    assert list(tmp_path.iterdir()) == []


def test_the_local_stage_makes_one_key_for_its_owner_alone(tmp_path: Path) -> None:
    home = tmp_path / "lake"
    first = MaskingResource(home=str(home)).key()
    assert MaskingResource(home=str(home)).key() == first
    assert len(first.secret) == 32
    assert [path.name for path in home.iterdir()] == [KEY_FILE]
    assert stat.S_IMODE((home / KEY_FILE).stat().st_mode) == 0o600
    assert MaskingResource(home=str(tmp_path / "other")).key() != first


def test_other_stages_make_no_key(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="stage prod has no masking key; set PRICING_LAKE_MASKING_KEY"):
        MaskingResource(home=str(tmp_path), stage="prod").key()
    assert list(tmp_path.iterdir()) == []


def test_a_key_that_others_may_read_is_refused(tmp_path: Path) -> None:
    resource = MaskingResource(home=str(tmp_path))
    resource.key()
    (tmp_path / KEY_FILE).chmod(0o640)
    with pytest.raises(ConfigurationError, match="chmod 600"):
        resource.key()


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"aGVsbG8="])
def test_a_damaged_key_is_refused_and_stays(tmp_path: Path, content: bytes) -> None:
    """A new key in its place would make other tokens than the tables hold."""
    path = tmp_path / KEY_FILE
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(ConfigurationError):
        MaskingResource(home=str(tmp_path)).key()
    assert path.read_bytes() == content


def test_processes_that_start_together_agree_on_one_key(tmp_path: Path) -> None:
    script = (
        "import sys; from pricing_lake.resources.masking import MaskingResource;"
        "sys.stdin.read(1); print(MaskingResource(home=sys.argv[1]).key().secret.hex())"
    )
    command = [sys.executable, "-c", script, str(tmp_path / "lake")]
    started = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    for process in started:
        assert process.stdin is not None
        process.stdin.write("g")
        process.stdin.flush()
    found = {process.communicate(timeout=120)[0] for process in started}
    assert len(found) == 1
    assert len(found.pop().strip()) == 64
    assert [path.name for path in (tmp_path / "lake").iterdir()] == [KEY_FILE]


def test_run_config_never_holds_the_key(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(SETTING, base64.b64encode(SECRET).decode())
    resource = MaskingResource(home=str(tmp_path))
    resource.key()
    assert set(resource.model_dump()) == {"home", "stage"}
    assert base64.b64encode(SECRET).decode() not in repr(resource)
