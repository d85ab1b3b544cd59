"""The image's recipe, which no engine built here: what it copies is there, and it runs what the task asks for."""

import re
from pathlib import Path

import yaml

from pricing_lake_tests.infra.cloudformation import of_type
from pricing_lake_tests.infra.stage import INFRA

PROJECT = INFRA.parent
DOCKERFILE = (INFRA / "ecs" / "Dockerfile").read_text("utf-8")


def copied() -> list[str]:
    lines = re.findall(r"^COPY (?!--from)(.+)$", DOCKERFILE, re.MULTILINE)
    return [source for line in lines for source in line.split()[:-1]]


def versions(lock: Path) -> dict[str, str]:
    return dict(re.findall(r"^([a-z0-9-]+)==([^ ;]+)", lock.read_text("utf-8"), re.MULTILINE))


def test_everything_that_is_copied_is_there_and_let_into_the_build() -> None:
    let_in = [
        line[1:].removesuffix("/**") for line in (PROJECT / ".dockerignore").read_text().split() if line[0] == "!"
    ]
    assert copied()
    for source in copied():
        assert (PROJECT / source).exists(), source
        assert any(source == place or source.startswith(f"{place}/") for place in let_in), source


def test_nothing_else_is_let_into_the_build() -> None:
    lines = [line for line in (PROJECT / ".dockerignore").read_text().splitlines() if line and line[0] not in "#!"]
    assert lines == ["*", "**/__pycache__"]


def test_what_is_installed_on_top_fits_what_the_lake_runs_on() -> None:
    lake, own = versions(PROJECT / "requirements.lock"), versions(INFRA / "ecs" / "requirements.lock")
    assert own.keys() == {"dagster-postgres", "psycopg", "psycopg-binary"}
    assert own["dagster-postgres"] == lake["dagster-aws"]
    assert own["psycopg"] == own["psycopg-binary"]
    assert not own.keys() & lake.keys()
    text = (INFRA / "ecs" / "requirements.lock").read_text("utf-8")
    assert text.count("--hash=sha256:") >= len(own)


def test_it_runs_as_nobody_in_particular_and_writes_only_into_the_task_s_volumes() -> None:
    assert DOCKERFILE.index("USER lake") > DOCKERFILE.index("COPY infra/ecs/dagster.yaml")
    volumes = re.search(r"^VOLUME \[(.+)\]$", DOCKERFILE, re.MULTILINE)
    assert volumes is not None
    declared = set(re.findall(r'"([^"]+)"', volumes[1]))
    (task,) = of_type("ECS::TaskDefinition")
    for container in task.properties["ContainerDefinitions"]:
        assert {each["ContainerPath"] for each in container["MountPoints"]} == declared


def test_the_instance_takes_its_password_from_the_task_s_secrets() -> None:
    instance = yaml.safe_load((INFRA / "ecs" / "dagster.yaml").read_text("utf-8"))
    database = instance["storage"]["postgres"]["postgres_db"]
    (task,) = of_type("ECS::TaskDefinition")
    for container in task.properties["ContainerDefinitions"]:
        assert database["password"]["env"] in {each["Name"] for each in container["Secrets"]}
        assert database["hostname"]["env"] in {each["Name"] for each in container["Environment"]}
    (storage,) = of_type("RDS::DBInstance")
    assert (database["db_name"], database["username"]) == (
        storage.properties["DBName"],
        storage.properties["MasterUsername"],
    )
    assert database["params"] == {"sslmode": "require"}


def test_the_webserver_and_the_daemon_find_the_code_where_it_is_served() -> None:
    (served,) = yaml.safe_load((INFRA / "ecs" / "workspace.yaml").read_text("utf-8"))["load_from"]
    (task,) = of_type("ECS::TaskDefinition")
    commands = {each["Name"]: each["Command"] for each in task.properties["ContainerDefinitions"]}
    code = commands["code"]
    assert code[code.index("--port") + 1] == str(served["grpc_server"]["port"])
    for name in ("webserver", "daemon"):
        assert commands[name][-1] == "/opt/pricing-lake/workspace.yaml"
    assert "/opt/pricing-lake/" in DOCKERFILE


def test_the_same_retries_and_pools_hold_as_on_a_laptop() -> None:
    there = yaml.safe_load((INFRA / "ecs" / "dagster.yaml").read_text("utf-8"))
    here = yaml.safe_load((PROJECT / "dagster.yaml").read_text("utf-8"))
    assert {name: there[name] for name in here} == here
