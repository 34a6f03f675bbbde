"""The files to run the service with: systemd units, the Dockerfile and the compose file, parsed and checked."""

from __future__ import annotations

import configparser
import re
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import typer.main
import yaml

from designer.cli.main import app

DEPLOY = Path(__file__).parents[1] / "deploy"
# Directives of systemd.unit, systemd.service, systemd.exec, systemd.resource-control and systemd.timer in use here.
DIRECTIVES = {
    "Unit": {"Description", "After", "Wants"},
    "Service": {
        "Type", "User", "Group", "StateDirectory", "StateDirectoryMode", "WorkingDirectory", "EnvironmentFile",
        "Environment", "ExecStart", "ExecStartPost", "Restart", "RestartSec", "TimeoutStopSec", "LimitNOFILE",
        "MemoryMax", "TasksMax", "StandardOutput", "StandardError", "LogRateLimitIntervalSec", "LogRateLimitBurst",
        "NoNewPrivileges", "PrivateTmp", "PrivateDevices", "ProtectSystem", "ProtectHome", "ProtectKernelTunables",
        "ProtectKernelModules", "ProtectControlGroups", "RestrictAddressFamilies", "RestrictSUIDSGID",
        "LockPersonality", "CapabilityBoundingSet", "UMask",
    },
    "Timer": {"OnCalendar", "RandomizedDelaySec", "Persistent"},
    "Install": {"WantedBy"},
}  # fmt: skip
INSTRUCTIONS = {
    "FROM", "WORKDIR", "COPY", "RUN", "ENV", "USER", "VOLUME", "EXPOSE", "HEALTHCHECK", "ENTRYPOINT", "CMD",
}  # fmt: skip


def check_command(words: list[str]) -> None:
    """Check that `designer` has a command with these options."""
    group = typer.main.get_command(app)
    name, *rest = words
    command = group.commands[name]  # type: ignore[attr-defined]
    command.make_context(name, rest, resilient_parsing=False)


def unit(name: str) -> configparser.ConfigParser:
    parser = configparser.ConfigParser(interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string((DEPLOY / name).read_text(encoding="utf-8"))
    return parser


@pytest.mark.parametrize("name", ["designer.service", "designer-backup.service", "designer-backup.timer"])
def test_units_have_known_directives_only(name: str) -> None:
    found = unit(name)
    for section in found.sections():
        assert set(found[section]) <= DIRECTIVES[section]
    assert found["Unit"]["Description"]
    if shutil.which("systemd-analyze"):
        done = subprocess.run(
            ["systemd-analyze", "verify", str(DEPLOY / name)], capture_output=True, text=True, timeout=30
        )
        wrong = [line for line in done.stderr.splitlines() if name in line and "is not executable" not in line]
        assert wrong == []


def test_units_start_commands_that_exist() -> None:
    program, *words = shlex.split(unit("designer.service")["Service"]["ExecStart"])
    assert program.endswith("/designer")
    check_command(words)
    script = shlex.split(unit("designer-backup.service")["Service"]["ExecStart"])[2]
    check_command(shlex.split(script)[2:])


def test_service_runs_without_privileges() -> None:
    service = unit("designer.service")["Service"]
    assert service["User"] != "root"
    assert service["NoNewPrivileges"] == "yes"
    assert (service["ProtectSystem"], service["CapabilityBoundingSet"]) == ("strict", "")
    assert service["WorkingDirectory"] == f"/var/lib/{service['StateDirectory']}"


def instructions() -> list[tuple[str, str]]:
    text = re.sub(r"\\\n\s*", "", (DEPLOY / "Dockerfile").read_text(encoding="utf-8"))
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return [(line.partition(" ")[0], line.partition(" ")[2]) for line in lines]


def test_dockerfile() -> None:
    found = instructions()
    assert found[0][0] == "FROM"
    assert {name for name, _ in found} <= INSTRUCTIONS
    for name, rest in found:
        if name == "FROM":
            assert re.fullmatch(r"[\w./-]+:[\w.-]+( AS \w+)?", rest), "an image has a version"
        if name == "COPY" and not rest.startswith("--from"):
            *sources, _ = rest.split()
            assert all((DEPLOY.parent / source).exists() for source in sources)
    last = dict(found)
    assert last["USER"] not in ("root", "0")
    assert "/readyz" in last["HEALTHCHECK"]
    assert last["ENTRYPOINT"] == '["designer"]'
    check_command(yaml.safe_load(last["CMD"]))


def test_compose_file() -> None:
    data: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
    designer, database = data["services"]["designer"], data["services"]["db"]
    assert (DEPLOY / designer["build"]["context"] / designer["build"]["dockerfile"]).resolve().is_file()
    check_command(designer["command"])
    assert designer["depends_on"] == {"db": {"condition": "service_healthy"}}
    for service in (designer, database):
        assert service["logging"]["options"] == {"max-size": "10m", "max-file": "5"}
        assert "no-new-privileges:true" in service["security_opt"]
        for volume in service["volumes"]:
            assert volume.partition(":")[0] in data["volumes"]
    assert all(port.startswith("127.0.0.1:") for port in designer["ports"])
    text = (DEPLOY / "compose.yaml").read_text(encoding="utf-8")
    assert re.findall(r"PASSWORD: (?!\$\{)", text) == [], "no password in the file"
