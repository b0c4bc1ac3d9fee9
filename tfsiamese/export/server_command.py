"""How TensorFlow Serving is started for one model: with docker, and on Kubernetes.

Sources: tensorflow_serving/model_servers/main.cc for the flags, tensorflow_serving/tools/docker/Dockerfile for the
image's ports, both of https://github.com/tensorflow/serving.
"""

import json
import re
import shlex

from tfsiamese.servables import BATCHING_PARAMETERS_FILE, MODEL_CONFIG_FILE, MONITORING_CONFIG_FILE, ModelConfig

__all__ = [
    "GRPC_PORT",
    "IMAGE",
    "REST_PORT",
    "docker_command",
    "kubernetes_manifest",
    "kubernetes_name",
    "server_flags",
]

IMAGE = "tensorflow/serving"
GRPC_PORT = 8500
REST_PORT = 8501

_POLL_SECONDS = 30


def server_flags(config: ModelConfig) -> list[str]:
    """The flags of `tensorflow_model_server`.

    The configuration is read again every half a minute, so that labels and versions can change while the server runs.
    Labels may be given at the start, before the versions are loaded, which needs a flag of its own.
    """
    path = config.base_path.rstrip("/")
    return [
        f"--model_config_file={path}/{MODEL_CONFIG_FILE}",
        f"--model_config_file_poll_wait_seconds={_POLL_SECONDS}",
        "--allow_version_labels_for_unavailable_models=true",
        "--enable_batching=true",
        f"--batching_parameters_file={path}/{BATCHING_PARAMETERS_FILE}",
        f"--monitoring_config_file={path}/{MONITORING_CONFIG_FILE}",
    ]


def docker_command(config: ModelConfig) -> str:
    """A command that serves the model from the current folder, which is mounted as the path of `config`."""
    mount = [f'--mount type=bind,source="$(pwd)",target={shlex.quote(config.base_path)},readonly']
    lines = [
        f"docker run --rm -p {GRPC_PORT}:{GRPC_PORT} -p {REST_PORT}:{REST_PORT}",
        *(mount if _is_local(config) else []),
        IMAGE,
        *(shlex.quote(flag) for flag in server_flags(config)),
    ]
    return " \\\n    ".join(lines)


def kubernetes_name(name: str) -> str:
    """The model's name as a name that Kubernetes takes: at most 63 of a-z, 0-9 and "-", beginning with a letter."""
    safe = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
    safe = safe if safe[:1].isalpha() else f"model-{safe}"
    return safe[:63].rstrip("-")


def kubernetes_manifest(config: ModelConfig) -> str:
    """A Deployment and a Service in YAML.

    A pod is ready when the REST port answers with the model's status, and the server opens that port once the versions
    are loaded and warm. The model's folder comes from a volume claim of the same name. Variables of other Services
    stay out of the container, since one named `grpc` would set the variable `GRPC_PORT` of the image.
    """
    name = kubernetes_name(config.name)
    flags = "\n".join(f"            - {json.dumps(flag)}" for flag in server_flags(config))
    values = {
        "name": json.dumps(name),
        "image": IMAGE,
        "flags": flags,
        "grpc": GRPC_PORT,
        "rest": REST_PORT,
        "status": json.dumps(f"/v1/models/{config.name}"),
        "mounts": _MOUNTS.format(path=json.dumps(config.base_path)) if _is_local(config) else "",
        "volumes": _VOLUMES.format(name=json.dumps(name)) if _is_local(config) else "",
    }
    return _MANIFEST.format(**values)


def _is_local(config: ModelConfig) -> bool:
    """Whether the path is in the container; a URI such as `gs://bucket/jobs` is read from where it is."""
    return config.base_path.startswith("/")


_MOUNTS = """\
          volumeMounts:
            - name: model
              mountPath: {path}
              readOnly: true
"""

_VOLUMES = """\
      volumes:
        - name: model
          persistentVolumeClaim:
            claimName: {name}
            readOnly: true
"""

_MANIFEST = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {name}
spec:
  replicas: 2
  selector:
    matchLabels:
      app: {name}
  template:
    metadata:
      labels:
        app: {name}
    spec:
      enableServiceLinks: false
      containers:
        - name: serving
          image: {image}
          args:
{flags}
          ports:
            - name: grpc
              containerPort: {grpc}
            - name: rest
              containerPort: {rest}
          readinessProbe:
            httpGet:
              path: {status}
              port: rest
            periodSeconds: 5
{mounts}{volumes}---
apiVersion: v1
kind: Service
metadata:
  name: {name}
spec:
  selector:
    app: {name}
  ports:
    - name: grpc
      port: {grpc}
      targetPort: grpc
    - name: rest
      port: {rest}
      targetPort: rest
"""
