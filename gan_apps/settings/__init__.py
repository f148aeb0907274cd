"""Settings: typed, frozen, checked values; flags are made from them. Imports no TensorFlow."""

from gan_apps.settings.config import (
    ACCEPT,
    ANSWER,
    LENGTH,
    MAX_SEED,
    PLACE,
    CGANConfig,
    DCGANConfig,
    FGANConfig,
    TrainConfig,
    WGANConfig,
    WGANGPConfig,
    differences,
    from_json,
    is_named,
    setting,
    to_json,
)
from gan_apps.settings.outcomes import Failed, Interrupted, Refused
