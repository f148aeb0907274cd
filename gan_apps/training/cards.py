"""MODEL_CARD.md: what a run is, for whoever finds it without its history."""

from gan_apps import systems
from gan_apps.data import parts
from gan_apps.evaluation import matchers, measures, verdicts
from gan_apps.operating_system import files
from gan_apps.runs import run_dir
from gan_apps.training import callbacks

DATASETS = {
    "mnist": "MNIST (LeCun, Cortes, Burges), 60,000 handwritten digits of 28x28 pixels",
    "fashion_mnist": "Fashion-MNIST (Zalando Research, MIT licence), 60,000 garments of 28x28 "
    "pixels",
    "moving_digits": "4,000 clips of an MNIST digit (LeCun, Cortes, Burges) that moves and is "
    "reflected at the edges, 16 frames each",
    "stochastic_digits": "4,000 clips of an MNIST digit (LeCun, Cortes, Burges) that moves and "
    "turns at random at the edges, 16 frames each",
    "digits": "the handwritten digits of scikit-learn (UCI Optical Recognition of Handwritten "
    "Digits, CC BY 4.0), 8x8 pixels enlarged to 28x28",
}

# The columns of those who choose, which a recommender is asked by, and of what is said.
USERS, SENTENCES = "users", "sentences"

LATENTS = {
    "normal": "standard normal",
    "spherical": "on the sphere of radius sqrt(latent_dim)",
    "uniform": "uniform in [-1, 1]",
}


def write(run, recipe, *, iterations, seconds, report, why_not=None):
    """Writes the card of a finished run.

    Args:
      run, recipe: a run directory and its run_dir.Recipe.
      iterations: int. Iterations trained.
      seconds: float. Time they took.
      report: dict or None. The content of metrics.json, if the run could be measured.
      why_not: str or None. Why it could not.
    """
    settings = recipe.settings
    dataset = settings["dataset"]
    began = settings.get("initial_run_dir")
    began = f", begun with the networks of `{began}`" if began else ""
    mirrored = ", half of them mirrored" if settings.get("horizontal_flips") else ""
    lines = [
        f"# {run.name}",
        "",
        *(_drawn(name, draw, recipe) for name, draw in recipe.draws.items()),
        *(_judged(name, judge, recipe) for name, judge in recipe.judges.items()),
        f"Made by `python -m gan_apps.{recipe.system} "
        + (
            f"--mode=train`; draw from it with `python -m gan_apps.{recipe.system} "
            f"--run_dir=<this folder>{_who(recipe)}`."
            if systems.find(recipe.system).is_drawn_from
            else "--output=<this folder>`; judge with it by `python -m gan_apps.evaluate "
            f"--{systems.find(recipe.system).name}=<this folder>`."
        ),
        "",
        "## Training",
        "",
        f"- Data: {DATASETS.get(dataset, f'`{dataset}`')}{mirrored}.",
        f"- {trained_on(recipe)}",
        f"- {settings['num_epochs']} epochs, {iterations:,} iterations, {seconds / 60:.1f} minutes "
        f"in {settings['precision']}, seed {settings['seed']}{began}.",
        "- Versions: "
        + ", ".join(
            f"{name} {', then '.join(recipe.versions_of(name))}" for name in recipe.versions
        )
        + ".",
        f"- All settings: `{run_dir.CONFIG}`.",
        "",
        "## Measured",
        "",
        *measured(report, why_not),
        "",
        "## Files",
        "",
        *(line for name, draw in recipe.draws.items() for line in _files(name, draw)),
        *(_weights(name) for name in recipe.judges),
        f"- `{run_dir.MANIFEST}`: their sizes and SHA-256.",
        *_pictures(recipe, iterations),
        "",
        "## Limits",
        "",
        f"It knows the data named above and nothing else, with their faults: {_limits(recipe)}",
        "",
    ]
    files.write_text(run / run_dir.CARD, "\n".join(lines))


def _who(recipe):
    """What is to be named beside a run to draw from it."""
    return "" if recipe.draws else " --user=<name> --generator=<another>"


def _limits(recipe):
    if recipe.condition.column == USERS:
        return (
            "what it says of other pictures and of other people means nothing, and what somebody "
            "chose is not all that they like."
        )
    if not recipe.draws:
        return (
            "what it says of other pictures means nothing, and it is not meant to judge people by."
        )
    if recipe.draw.is_any_size:
        return (
            "the detail that it adds is likely, not what was there: no face and no number is to be "
            "known by it."
        )
    return (
        "its pictures are of nobody's hand and nobody's face, and not meant to fill a data set by "
        "which people are judged."
    )


def _drawn(name, draw, recipe):
    """What a network draws, in a sentence."""
    height, width, channels = draw.shape
    kind = "gray" if channels == 1 else "colour"
    by = f"`{name}` draws" if len(recipe.draws) > 1 else "Draws"
    if draw.goes_on:
        frames = draw.pictures.frames
        return f"{by} the next {width}x{height} {kind} frame of a clip from its last {frames}."
    given = ""
    if draw.is_any_size:
        return f"{by} {kind} pictures {draw.scale} times as large as those that it is given."
    if draw.pictures is not None:
        given = (
            f" from pictures of {draw.pictures.shape[1]}x{draw.pictures.shape[0]} that it is given"
        )
    return f"{by} {width}x{height} {kind} images{draw.condition.card()[0]}{given}."


def _judged(name, judge, recipe):
    """What a network says of a picture, in a sentence."""
    height, width, channels = judge.shape
    kind = "gray" if channels == 1 else "colour"
    if judge.condition.column == USERS:
        return (
            f"Says how much each of {judge.condition.sizes[0]:,} users likes a {width}x{height} "
            f"{kind} picture."
        )
    if recipe.draws:
        return f"Keeps its {name}, which scores {width}x{height} {kind} images."
    if name == matchers.SENTENCES and judge.condition.column == SENTENCES:
        known = judge.condition.known()
        return f"`{name}` makes such a vector of a sentence; it knows {known}."
    if judge.condition.column == SENTENCES:
        return (
            f"`{name}` makes a vector of a {width}x{height} {kind} picture, near those of "
            "sentences that say what it shows."
        )
    read = "; ".join(f"{noun}: {', '.join(values)}" for noun, values in judge.condition.slots)
    return f"Reads what {width}x{height} {kind} images show ({read})."


def _pictures(recipe, iterations):
    """What pictures there are, as lines."""
    if not recipe.draws:
        return []
    return [
        f"- `{run_dir.SAMPLES}`: pictures of seed {recipe.settings['seed']}. `{run_dir.ROUNDS}`, "
        f"`{run_dir.ROUNDS_MOVING}`: some at iterations {_rounds(iterations)}, and moving."
    ]


def _weights(name):
    return (
        f"- `{name + run_dir.KERAS_WEIGHTS}`: its weights for Keras; the network is described in "
        f"`{run_dir.CONFIG}`."
    )


def _coded(codes):
    """Codes in words, in their order."""
    kinds = [
        "a number in [-1, 1]" if kind == 1 else f"one of {kind} values as {kind} numbers"
        for kind in codes
    ]
    return "; ".join(kinds)


def _files(name, draw):
    """What a network's files are, as lines."""
    inputs = []
    if draw.latents is not None:
        law = LATENTS[draw.latents.distribution]
        if draw.latents.codes:
            law = f"{draw.latents.noise} of them {law}, then {_coded(draw.latents.codes)}"
        inputs.append(f"`latents` float32 [1, {draw.latents.size}] ({law})")
    if draw.condition.card()[1]:
        inputs.append(draw.condition.card()[1])
    if draw.pictures is not None:
        shape = ", ".join(map(str, draw.tiled.pictures.shape))
        frames = ", the frames on the channels, the earliest first" if draw.goes_on else ""
        inputs.append(f"`{draw.pictures.column}` float32 [1, {shape}] in [-1, 1]{frames}")
    plural = "s" if len(inputs) > 1 or draw.latents is not None else ""
    return [
        f"- `{name + run_dir.LITERT}`: float32 LiteRT, batch 1. Input{plural} {', '.join(inputs)}; "
        f"output `images` float32 [1, {', '.join(map(str, draw.tiled.shape))}] in [-1, 1].",
        f"- `{name + run_dir.KERAS_WEIGHTS}`: the same weights for Keras; the network is described "
        f"in `{run_dir.CONFIG}`.",
        *_sketch(name, draw),
    ]


def _sketch(name, draw):
    if not draw.is_from_made:
        return []
    shape = ", ".join(map(str, draw.shape))
    return [
        f"- `{name + run_dir.SKETCH}`: float32 LiteRT, batch 1, what makes those of finished "
        f"pictures ({draw.pictures.made_by}). Input `images` float32 [1, {shape}] in [-1, 1]; "
        f"output `{draw.pictures.column}`."
    ]


def trained_on(recipe):
    """Which of its data a run was trained on, in a sentence or two."""
    share = recipe.data.get("judges_share") if recipe.data else None
    if not share:
        return _kept_apart(recipe)
    learned = "learned from nothing else" if not recipe.draws else "learned from none of it"
    return f"{_kept_apart(recipe)} A share of {share:.0%} is left to judges; it {learned}."


def _kept_apart(recipe):
    data = recipe.data
    test = parts.test_of(data, recipe.settings["dataset"])
    if test == parts.OWN:
        return "Trained on the data's training part; their test part was never trained on."
    if test == parts.HELD_OUT:
        return (
            f"{data['num_held_out']:,} of its {data['num_images']:,} images were held out (seed "
            f"{data['seed']}) and never trained on."
        )
    why = "none were held out."
    if data is not None and "earlier" in data:
        before = ", ".join(f"{one['num_images']:,}" for one in data["earlier"])
        why = f"they changed on the way ({before} images, then {data['num_images']:,})."
    elif data is not None and data["num_images"] < parts.FEWEST:
        why = f"{data['num_images']} images are too few to hold any out."
    elif data is not None:
        why = "the run that it began with may have learned from any of them."
    return f"Trained on all of its data: {why}"


def _rounds(iterations):
    milestones = [step for step in range(100, iterations, 100) if callbacks.is_milestone(step)]
    return ", ".join(f"{step:,}" for step in (*milestones, iterations))


def measured(report, why_not=None):
    """What a metrics.json says, as lines of a card."""
    if report is None:
        return [f"Not measured: {why_not}."]
    if (told := verdicts.lines(report)) is not None:
        return [f"{verdicts.of(report)}:", "", *(f"- {what}: {figure}" for what, figure in told)]
    accuracy = report.get("classifier_test_accuracy")
    by = "by a classifier of these data"
    if accuracy is None:
        by = "by coarse colours alone, without a classifier"
    elif not isinstance(accuracy, dict):
        by += f" ({accuracy:.2%} on the test set)"
    written = [f"{report['num_images']:,} pictures, seed {report['seed']}, {by}:", ""]
    for line in measures.lines(report, details=False, real=report["compared_with"]):
        notes = [f"{line.beside}: {line.floor}"] if line.floor is not None else []
        if line.between is not None:
            notes.append(f"{measures.BETWEEN}: {line.between}")
        beside = f" ({'; '.join(notes)})" if notes else ""
        written.append(f"- {line.label.strip()}: {line.value}{beside}")
    return [*written, f"- features: {report['features']}"]
