"""The files of a model as TensorFlow Serving reads them: versions, configuration, warm-up, metadata."""

from tfsiamese.servables.batching import (
    BATCHING_PARAMETERS_FILE,
    BatchingParameters,
    batch_sizes_up_to,
    read_batching_parameters,
    write_batching_parameters,
)
from tfsiamese.servables.metadata import METADATA_FILE, read_metadata, write_metadata
from tfsiamese.servables.model_config import (
    MODEL_CONFIG_FILE,
    ModelConfig,
    check_model_config,
    check_model_name,
    read_model_config,
    write_model_config,
)
from tfsiamese.servables.monitoring import METRICS_PATH, MONITORING_CONFIG_FILE, write_monitoring_config
from tfsiamese.servables.operations import check_servable
from tfsiamese.servables.saved_model_file import GRAPH_FILE, SavedModelFile, Signature, TensorInfo
from tfsiamese.servables.versions import (
    LARGEST_VERSION,
    next_version,
    remove_old_versions,
    version_folder,
    version_numbers,
)
from tfsiamese.servables.warmup import (
    MOST_WARMUP_REQUESTS,
    WARMUP_FILE,
    WarmupRequest,
    read_warmup_records,
    read_warmup_requests,
    write_warmup_requests,
)

__all__ = [
    "BATCHING_PARAMETERS_FILE",
    "GRAPH_FILE",
    "LARGEST_VERSION",
    "METADATA_FILE",
    "METRICS_PATH",
    "MODEL_CONFIG_FILE",
    "MONITORING_CONFIG_FILE",
    "MOST_WARMUP_REQUESTS",
    "WARMUP_FILE",
    "BatchingParameters",
    "ModelConfig",
    "SavedModelFile",
    "Signature",
    "TensorInfo",
    "WarmupRequest",
    "batch_sizes_up_to",
    "check_model_config",
    "check_model_name",
    "check_servable",
    "next_version",
    "read_batching_parameters",
    "read_metadata",
    "read_model_config",
    "read_warmup_records",
    "read_warmup_requests",
    "remove_old_versions",
    "version_folder",
    "version_numbers",
    "write_batching_parameters",
    "write_metadata",
    "write_model_config",
    "write_monitoring_config",
    "write_warmup_requests",
]
