"""The Helm chart, rendered by Helm's own library and judged by Kubernetes' own schemas.

What no cluster has seen is not proved by this: whether pods start, probes succeed and replicas drain.
"""

import sys
from pathlib import Path

import helm_python as helm
import kubernetes_validate
import yaml

CHART = Path(__file__).parents[1] / "helm" / "playhouse"
# The oldest that the chart takes, one between, and the newest that there are schemas of.
KUBERNETES = ("1.30", "1.33", "1.37")
SECRET = {"existingSecret": "playhouse"}
POSTGRES_AND_METRICS = {**SECRET, "serviceMonitor": {"enabled": True, "apiKey": {"existingSecret": "metrics"}}}

# Sets of values that must render, each with the kinds that must come of them.
RENDERED = {
    "the least": (SECRET, {"Deployment", "Service", "ServiceAccount", "PodDisruptionBudget"}),
    "one replica on its own": (
        {**SECRET, "replicaCount": 1, "database": {"enabled": False}, "redis": {"enabled": False}},
        {"Deployment", "Service", "ServiceAccount", "PodDisruptionBudget"},
    ),
    "everything": (
        {
            **POSTGRES_AND_METRICS,
            "config": '[models.fast]\nchain = ["openai/gpt-4o-mini"]\n',
            "extraEnv": [{"name": "LOG_LEVEL", "value": "debug"}],
            "persistence": {"enabled": True, "storageClass": "fast"},
            "autoscaling": {"enabled": True, "targetMemoryUtilizationPercentage": 80},
            "ingress": {
                "enabled": True,
                "className": "nginx",
                "annotations": {"nginx.ingress.kubernetes.io/proxy-buffering": "off"},
                "hosts": [{"host": "llm.example.com"}, {"host": "two.example.com", "paths": ["/v1"]}],
                "tls": [{"secretName": "llm-tls", "hosts": ["llm.example.com"]}],
            },
            "imagePullSecrets": [{"name": "pull"}],
            "serviceAccount": {"annotations": {"team": "llm"}},
            "podAnnotations": {"note": "a"},
            "podLabels": {"tier": "api"},
            "nodeSelector": {"kubernetes.io/arch": "amd64"},
            "tolerations": [{"key": "llm", "operator": "Exists"}],
            "priorityClassName": "high",
            "service": {"annotations": {"note": "a"}},
        },
        {
            "StatefulSet", "Service", "ServiceAccount", "PodDisruptionBudget", "ConfigMap",
            "HorizontalPodAutoscaler", "Ingress", "ServiceMonitor",
        },
    ),
}

# Sets of values that must be refused, each with words that must be in the refusal.
REFUSED = {
    "no Secret": ({}, "existingSecret is not set"),
    "replicas without a database": ({**SECRET, "database": {"enabled": False}}, "without a database"),
    "replicas without Redis": ({**SECRET, "redis": {"enabled": False}}, "without Redis"),
    "scaling without a database": (
        {**SECRET, "replicaCount": 1, "autoscaling": {"enabled": True}, "database": {"enabled": False}},
        "without a database",
    ),
    "metrics that nobody could read": ({**SECRET, "serviceMonitor": {"enabled": True}}, "could not read the metrics"),
    "an Ingress for no host": ({**SECRET, "ingress": {"enabled": True}}, "without hosts"),
    "a key that there is not": ({**SECRET, "replicas": 3}, "replicas"),
    "a value of the wrong type": ({**SECRET, "replicaCount": "three"}, "replicaCount"),
}


def documents(values):
    """The objects that the chart makes of these values; its notes are left aside."""
    with helm.Chart.load(CHART) as chart:
        chart.validate_schema(values)
        rendered = chart.render(values, name="live", namespace="llm")
    manifests = {path: text for path, text in rendered.items() if path.endswith(".yaml")}
    return [document for text in manifests.values() for document in yaml.safe_load_all(text) if document]


def notes(values):
    with helm.Chart.load(CHART) as chart:
        return chart.render(values, name="live", namespace="llm")["playhouse/templates/NOTES.txt"]


def check_lint():
    for name, (values, _) in RENDERED.items():
        messages = helm.lint(CHART, values, strict=True)["messages"]
        bad = [message for message in messages if message["severity"] >= 2]
        assert not bad, f"{name}: {bad}"


def check_objects_are_valid():
    for name, (values, kinds) in RENDERED.items():
        objects = documents(values)
        assert {item["kind"] for item in objects} == kinds, f"{name}: {sorted(item['kind'] for item in objects)}"
        for item in objects:
            validate(name, item)


def validate(name, item):
    # The operator's own kinds are in no schema of Kubernetes; `check_metrics_are_read` looks at that one.
    if item["kind"] == "ServiceMonitor":
        return
    for version in KUBERNETES:
        try:
            kubernetes_validate.validate(item, version, strict=True)
        except kubernetes_validate.ValidationError as error:
            raise AssertionError(f"{name}: {item['kind']} for {version}: {error.message}") from None


def check_refusals():
    for name, (values, words) in REFUSED.items():
        try:
            documents(values)
        except helm.HelmError as error:
            assert words in str(error), f"{name}: {error}"
        else:
            raise AssertionError(f"{name}: it was not refused")


def pod(values):
    [workload] = [item for item in documents(values) if item["kind"] in ("Deployment", "StatefulSet")]
    return workload, workload["spec"]["template"]["spec"]


def check_pods_are_confined():
    for values, _ in RENDERED.values():
        _, spec = pod(values)
        [container] = spec["containers"]
        assert spec["securityContext"]["runAsNonRoot"] is True
        assert spec["securityContext"]["runAsUser"] == 65532
        assert spec["securityContext"]["seccompProfile"]["type"] == "RuntimeDefault"
        assert spec["automountServiceAccountToken"] is False
        # Kubernetes would set PLAYHOUSE_PORT and the like, which the server reads as its own.
        assert spec["enableServiceLinks"] is False
        context = container["securityContext"]
        assert context["readOnlyRootFilesystem"] is True and context["allowPrivilegeEscalation"] is False
        assert context["capabilities"] == {"drop": ["ALL"]}


def check_probes_and_the_end():
    values = {**SECRET, "shutdownGraceSeconds": 50, "preStopSleepSeconds": 7}
    _, spec = pod(values)
    [container] = spec["containers"]
    paths = {probe: container[probe]["httpGet"]["path"] for probe in ("startupProbe", "livenessProbe", "readinessProbe")}
    assert paths == {"startupProbe": "/health/ready", "livenessProbe": "/health", "readinessProbe": "/health/ready"}
    assert spec["terminationGracePeriodSeconds"] == 67
    assert container["lifecycle"]["preStop"]["sleep"]["seconds"] == 7
    assert variables(container)["PLAYHOUSE_SERVER__SHUTDOWN_GRACE_MS"]["value"] == "50000"


def variables(container):
    return {variable["name"]: variable for variable in container["env"]}


def check_secrets_are_only_named():
    _, spec = pod({**SECRET, "redis": {"existingSecret": "cache", "key": "url"}})
    [container] = spec["containers"]
    assert container["envFrom"] == [{"secretRef": {"name": "playhouse"}}]
    found = {name: variables(container)[name]["valueFrom"]["secretKeyRef"] for name in ("DATABASE_URL", "REDIS_URL")}
    assert found["DATABASE_URL"] == {"name": "playhouse", "key": "DATABASE_URL"}
    assert found["REDIS_URL"] == {"name": "cache", "key": "url"}
    assert not any(item["kind"] == "Secret" for item in documents(SECRET))


def check_everything_finds_the_pods():
    for values, _ in RENDERED.values():
        objects = {item["kind"]: item for item in documents(values)}
        workload, _ = pod(values)
        labels = workload["spec"]["template"]["metadata"]["labels"].items()
        selectors = [workload["spec"]["selector"]["matchLabels"], objects["Service"]["spec"]["selector"]]
        selectors.append(objects["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"])
        assert all(selector.items() <= labels for selector in selectors), selectors
        scaler = objects.get("HorizontalPodAutoscaler")
        if scaler:
            target = scaler["spec"]["scaleTargetRef"]
            assert (target["kind"], target["name"]) == (workload["kind"], workload["metadata"]["name"])
            assert "replicas" not in workload["spec"], "the scaler and the chart would both set the replicas"


def check_metrics_are_read():
    objects = {item["kind"]: item for item in documents(POSTGRES_AND_METRICS)}
    spec = objects["ServiceMonitor"]["spec"]
    [endpoint] = spec["endpoints"]
    assert endpoint["port"] in {port["name"] for port in objects["Service"]["spec"]["ports"]}
    assert endpoint["authorization"]["credentials"] == {"name": "metrics", "key": "METRICS_API_KEY"}
    assert spec["selector"]["matchLabels"].items() <= objects["Service"]["metadata"]["labels"].items()
    # The alert rules and the dashboard ask for this job.
    assert objects["Service"]["metadata"]["labels"][spec["jobLabel"]] == "playhouse"


def check_configuration_restarts_pods():
    def sum_of(config):
        workload, _ = pod({**SECRET, "config": config})
        return workload["spec"]["template"]["metadata"]["annotations"]["checksum/config"]

    assert sum_of("a = 1") != sum_of("a = 2")
    text = "[chat]\nsystem_prompt = \"\"\"\nTwo\n\n  lines {{ and }} braces\n\"\"\"\n"
    [config] = [item for item in documents({**SECRET, "config": text}) if item["kind"] == "ConfigMap"]
    assert config["data"]["playhouse.toml"].rstrip("\n") == text.rstrip("\n")


def check_notes():
    assert "port-forward service/live-playhouse 8000:80" in notes(SECRET)
    assert "https://llm.example.com/v1/chat" in notes(RENDERED["everything"][0])


def main():
    print(f"Helm {helm.helm_sdk_version()}, Kubernetes {', '.join(KUBERNETES)}")
    failed = 0
    checks = {name: check for name, check in globals().items() if name.startswith("check_")}
    for name, check in checks.items():
        try:
            check()
        except Exception as error:
            failed += 1
            print(f"FAIL chart: {name[6:].replace('_', ' ')}: {type(error).__name__}: {error}")
        else:
            print(f"ok   chart: {name[6:].replace('_', ' ')}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
