"""Where the jars of the test broker lie, and their fetch by Maven (`python -m` this module). Starts no broker.

The version is pinned in kafka/pom.xml; registry, proxy and credentials are the machine's own Maven settings.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

POM = Path(__file__).with_name("kafka") / "pom.xml"
LIBS_SETTING = "KAFKA_LIBS"
FETCH = "make setup-services"
JAVA_PACKAGE = "default-jre-headless"
MAVEN_PACKAGE = "maven"


class KafkaMissingError(RuntimeError):
    """Java or the broker's jars are not here; the text names what brings them."""


def kafka_version() -> str:
    """Return the pinned version of the broker."""
    found = re.search(r"<kafka\.version>([0-9.]+)</kafka\.version>", POM.read_text())
    if not found:
        raise KafkaMissingError(f"{POM.name} pins no kafka.version")
    return found.group(1)


def libs_folder(environment: Mapping[str, str]) -> Path:
    """Return the folder for the jars: the setting KAFKA_LIBS, else one of the user's cache, named by version."""
    setting = environment.get(LIBS_SETTING)
    if setting:
        return Path(setting).expanduser().absolute()
    cache = Path(environment.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return cache / "pricing-lake" / f"kafka-{kafka_version()}"


def is_complete(folder: Path) -> bool:
    """Tell whether the folder holds the pinned broker; a fetch gives a folder its name only when all is in it."""
    return (folder / f"kafka_2.13-{kafka_version()}.jar").is_file()


def java_program() -> str:
    """Return the path of `java`. Raises KafkaMissingError naming Debian's package when there is none."""
    java = shutil.which("java")
    if not java:
        raise KafkaMissingError(
            f"Java is not installed: install Debian's package {JAVA_PACKAGE} (apt-get install {JAVA_PACKAGE})"
        )
    return java


def kafka_libs(environment: Mapping[str, str] = os.environ) -> Path:
    """Return the folder of the broker's jars. Raises KafkaMissingError when they were not fetched."""
    folder = libs_folder(environment)
    if not is_complete(folder):
        raise KafkaMissingError(f"Kafka {kafka_version()} is not in {folder}: fetch it ({FETCH})")
    return folder


def fetch_kafka(environment: Mapping[str, str] = os.environ) -> Path:
    """Fetch the jars unless they are there, and return their folder.

    The folder appears whole or not at all: Maven fills a neighbour, which is renamed at the end. Two fetches at the
    same time do not disturb each other. Raises KafkaMissingError when Maven is missing or fails, or when another
    thing stands in the folder's place.
    """
    folder = libs_folder(environment)
    if is_complete(folder):
        return folder
    maven = shutil.which("mvn")
    if not maven:
        raise KafkaMissingError(
            f"Maven is not installed: install Debian's package {MAVEN_PACKAGE} (apt-get install {MAVEN_PACKAGE})"
        )
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{folder.name}-", dir=folder.parent) as scratch:
        filled = Path(scratch) / "libs"
        _copy_dependencies(maven, filled)
        _give_name(filled, folder)
    return folder


def _copy_dependencies(maven: str, filled: Path) -> None:
    # No colour: Maven would write terminal codes even into a pipe.
    command = [maven, "-q", "-B", "-Dstyle.color=never", "-f", str(POM), "dependency:copy-dependencies"]
    options = ["-DincludeScope=runtime", f"-DoutputDirectory={filled}"]
    done = subprocess.run([*command, *options], cwd=filled.parent, capture_output=True, text=True, check=False)
    if done.returncode:
        first = next((line for line in done.stdout.splitlines() if line.startswith("[ERROR]")), done.stderr.strip())
        raise KafkaMissingError(f"Maven could not fetch Kafka {kafka_version()}: {first}")
    if not is_complete(filled):
        raise KafkaMissingError(f"Maven fetched no kafka_2.13-{kafka_version()}.jar: look at {POM.name}")


def _give_name(filled: Path, folder: Path) -> None:
    try:
        filled.rename(folder)
    except OSError as error:
        if not is_complete(folder):
            raise KafkaMissingError(
                f"{folder} is in the way and holds no Kafka {kafka_version()}: move it away ({error.strerror})"
            ) from None


def main() -> int:
    """Fetch the jars and name their folder; the exit code tells whether they are there."""
    try:
        sys.stdout.write(f"Kafka {kafka_version()}: {fetch_kafka()}\n")
    except KafkaMissingError as missing:
        sys.stderr.write(f"{missing}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
