"""Settings: typed, frozen, checked values; flags are made from them. Imports no TensorFlow."""

from gan_apps.settings.adversarial import (
    ARCHITECTURES,
    GAN,
    GENERATOR_NORMALIZATIONS,
    GENERATOR_OBJECTIVES,
    LATENT_DISTRIBUTIONS,
    NORMALIZATIONS,
    PENALTIES,
    Adversarial,
    Divergence,
    Labelled,
    Latents,
    refuse_steep,
)
from gan_apps.settings.errors import Failed, Interrupted, Refused
from gan_apps.settings.setting import (
    MAX_SEED,
    Settings,
    allowed,
    changed,
    differences,
    fields,
    from_json,
    setting,
    to_json,
)
from gan_apps.settings.training import (
    ACCEPT,
    CHANGEABLE,
    CLIPS,
    DATASETS,
    DIRECTIONS,
    LENGTH,
    MADE,
    PAIRS,
    PRECISIONS,
    SOURCES,
    TFDS,
    Averaged,
    OfClips,
    Paired,
    Training,
    check_image_size,
    check_spelling,
    is_named,
)
