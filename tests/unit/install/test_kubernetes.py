"""The Kubernetes manifests: valid by Kubernetes' own schemas, and at one with each other and with us."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
from ruamel.yaml import YAML

from monitor import __version__
from monitor.configuration.loader import load
from tests.support.command_line import parses
from tests.unit.install.test_image import only

ROOT = Path(__file__).parents[3]
FOLDER = ROOT / "config/kubernetes"
VERSIONS = ("1.30", "1.34", "1.37")


def read(name: str) -> Any:
    return YAML(typ="safe", pure=True).load(FOLDER / name)


KUSTOMIZATION = read("kustomization.yaml")
RESOURCES = {name: read(name) for name in KUSTOMIZATION["resources"]}
DEPLOYMENT = RESOURCES["deployment.yaml"]
POD = DEPLOYMENT["spec"]["template"]
SPEC = POD["spec"]
[CONTAINER] = SPEC["containers"]
LABELS = POD["metadata"]["labels"]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", sorted(RESOURCES))
def test_every_manifest_is_valid(name: str, version: str) -> None:
    """By the schemas of three releases, unknown keys refused."""
    kubernetes_validate.validate(RESOURCES[name], version, strict=True)


@pytest.mark.parametrize(("key", "value"), [("replica", 1), ("replicas", "one")])
def test_a_wrong_manifest_is_refused(key: str, value: object) -> None:
    """The test above can fail."""
    wrong = copy.deepcopy(DEPLOYMENT)
    wrong["spec"][key] = value
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, VERSIONS[-1], strict=True)


def test_the_kustomization_has_every_file() -> None:
    """Nothing lies beside it that nobody applies, and nothing it names is missing."""
    [generated] = KUSTOMIZATION["configMapGenerator"]
    named = {*RESOURCES, *generated["files"], "kustomization.yaml"}
    assert named == {path.name for path in FOLDER.iterdir() if path.is_file()}
    component = read("servicemonitor/kustomization.yaml")
    assert component["kind"] == "Component"
    assert all((FOLDER / "servicemonitor" / name).is_file() for name in component["resources"])


def test_the_configuration_of_the_config_map_is_good() -> None:
    """As the daemon reads it."""
    assert load(FOLDER / "driftvakt.yaml", {}).warnings == ()


def test_the_pod_satisfies_the_restricted_standard() -> None:
    """Kubernetes' Pod Security Standards, level restricted, which the namespace enforces; and a
    root that is only read, and no token of the cluster.
    """
    enforced = RESOURCES["namespace.yaml"]["metadata"]["labels"]
    assert enforced["pod-security.kubernetes.io/enforce"] == "restricted"
    pod, container = SPEC["securityContext"], CONTAINER["securityContext"]
    assert pod["runAsNonRoot"] is True
    assert pod["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container["allowPrivilegeEscalation"] is False
    assert container["capabilities"] == {"drop": ["ALL"]}
    assert container["readOnlyRootFilesystem"] is True
    assert SPEC["automountServiceAccountToken"] is False
    allowed = {"configMap", "emptyDir", "persistentVolumeClaim", "secret"}
    assert all(set(volume) - {"name"} <= allowed for volume in SPEC["volumes"])


def test_the_pod_and_the_image_agree() -> None:
    """User, port, data folder; and what may be written is mounted."""
    user, group = map(int, only("USER").split(":"))
    pod = SPEC["securityContext"]
    assert (pod["runAsUser"], pod["runAsGroup"], pod["fsGroup"]) == (user, group, group)
    assert [port["containerPort"] for port in CONTAINER["ports"]] == [int(only("EXPOSE"))]
    assert CONTAINER["image"].startswith(f"{KUSTOMIZATION['images'][0]['name']}:")
    assert KUSTOMIZATION["images"][0]["newTag"] == __version__
    words = CONTAINER["args"]
    assert parses(words) == "run"
    mounts = {one["name"]: one for one in CONTAINER["volumeMounts"]}
    assert words[words.index("--data-dir") + 1] == mounts["data"]["mountPath"]
    assert not mounts["data"].get("readOnly")
    assert set(mounts) == {volume["name"] for volume in SPEC["volumes"]}


def test_the_daemon_reads_the_mounted_configuration() -> None:
    """The file of the ConfigMap, through the folder's link, so that a change is noticed."""
    mounts = {one["name"]: one for one in CONTAINER["volumeMounts"]}
    config = {one["name"]: one.get("value") for one in CONTAINER["env"]}["DRIFTVAKT_CONFIG"]
    [generated] = KUSTOMIZATION["configMapGenerator"]
    assert config == f"{mounts['configuration']['mountPath']}/{generated['files'][0]}"
    assert "subPath" not in mounts["configuration"], "a subPath is never updated"
    volumes = {volume["name"]: volume for volume in SPEC["volumes"]}
    assert volumes["configuration"]["configMap"]["name"] == generated["name"]
    assert KUSTOMIZATION["generatorOptions"]["disableNameSuffixHash"] is True
    claim = volumes["data"]["persistentVolumeClaim"]["claimName"]
    assert claim == RESOURCES["pvc.yaml"]["metadata"]["name"]


def test_its_health_is_asked_where_it_is_answered() -> None:
    """Liveness without a password, readiness once there is a status; both by the port's name."""
    asked = {probe: CONTAINER[probe]["httpGet"] for probe in ("livenessProbe", "readinessProbe")}
    assert asked["livenessProbe"]["path"] == "/-/healthy"
    assert asked["readinessProbe"]["path"] == "/-/ready"
    names = {port["name"] for port in CONTAINER["ports"]}
    assert {one["port"] for one in asked.values()} <= names


def test_there_is_never_a_second_one() -> None:
    """Two would probe everything twice and share one history."""
    assert DEPLOYMENT["spec"]["replicas"] == 1
    assert DEPLOYMENT["spec"]["strategy"] == {"type": "Recreate"}


def test_selectors_find_what_they_are_for() -> None:
    """Deployment, Service, NetworkPolicy and ServiceMonitor, by labels and by names of ports."""
    service, policy = RESOURCES["service.yaml"], RESOURCES["networkpolicy.yaml"]
    monitor = read("servicemonitor/servicemonitor.yaml")
    for selector in (
        DEPLOYMENT["spec"]["selector"]["matchLabels"],
        service["spec"]["selector"],
        policy["spec"]["podSelector"]["matchLabels"],
    ):
        assert selector
        assert selector.items() <= LABELS.items()
    assert (
        monitor["spec"]["selector"]["matchLabels"].items() <= service["metadata"]["labels"].items()
    )
    names = {port["name"] for port in CONTAINER["ports"]}
    assert {port["targetPort"] for port in service["spec"]["ports"]} <= names
    assert {one["port"] for one in policy["spec"]["ingress"][0]["ports"]} <= names
    exposed = {port["name"] for port in service["spec"]["ports"]}
    assert {one["port"] for one in monitor["spec"]["endpoints"]} <= exposed
    assert policy["spec"]["egress"] == [{}], "a closed way out would look like the target's outage"
    assert POD["metadata"]["annotations"]["prometheus.io/port"] == str(
        CONTAINER["ports"][0]["containerPort"]
    )
