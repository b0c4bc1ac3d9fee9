"""`monitoring.config`: where a server shows its metrics.

The file is a `MonitoringConfig` protocol buffer in text format, see
https://github.com/tensorflow/serving/blob/master/tensorflow_serving/config/monitoring_config.proto.
"""

from pathlib import Path

from tfsiamese.errors import ExportError
from tfsiamese.files import publish_file

__all__ = ["METRICS_PATH", "MONITORING_CONFIG_FILE", "write_monitoring_config"]

MONITORING_CONFIG_FILE = "monitoring.config"
METRICS_PATH = "/monitoring/prometheus/metrics"  # the default of TensorFlow Serving

_CONTENT = f"""\
# Read by tensorflow_model_server --monitoring_config_file.
prometheus_config {{
  enable: true
  path: "{METRICS_PATH}"
}}
"""


def write_monitoring_config(base: Path) -> None:
    """Writes `base/monitoring.config`, which changes in one step: metrics for Prometheus at `METRICS_PATH`.

    Raises:
        ExportError: the file cannot be written.
    """
    path = base / MONITORING_CONFIG_FILE
    try:
        with publish_file(path) as temporary:
            temporary.write_text(_CONTENT, encoding="utf-8")
    except OSError as error:
        raise ExportError(f"{path} cannot be written: {error.strerror or error}.") from error
