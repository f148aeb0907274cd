"""PPGN: pictures of what a judge is asked for, by a run that cannot be asked itself.

python -m gan_apps.ppgn --digit=9                      nines of checkpoints/fgan_digits
python -m gan_apps.ppgn --prompt="blue hair red eyes"  faces of checkpoints/dcgan_faces
python -m gan_apps.ppgn --digit=3,5 --output=way.gif   how they come about
python -m gan_apps.ppgn --run_dir=RUN --judge=CLASSIFIER --label=boots --num_images=9

A search in the run's latent space, which trains nothing: each start becomes a picture. The variant
of Nguyen et al. 2017 (arXiv 1612.00005) whose prior is known: latents are drawn from it.
"""

import dataclasses
import pathlib

from gan_apps.command import launch
from gan_apps.operating_system import quiet
from gan_apps.settings import Refused, changed, setting
from gan_apps.settings.drawing import DEFAULT_IMAGES, GRID, AskedFor, Drawing, FromLatents, OfRun

SHIPPED, SHIPPED_OF_WORDS = "fgan_digits", "dcgan_faces"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Config(Drawing):
    """What is searched for, in which run, and how."""

    run_dir: str = setting(
        None,
        f"The run to search, any that draws from noise. Default: checkpoints/{SHIPPED}, or for "
        f"words checkpoints/{SHIPPED_OF_WORDS}.",
        is_path=True,
    )
    judge: str = setting(
        None,
        "The folder of the judge that says what a picture shows, made by gan_apps.classifier. "
        "Default: the shipped one of the run's data, or one that knows words.",
        is_path=True,
    )
    digit: str = changed(AskedFor, "digit", None)
    label: str = changed(AskedFor, "label", None)
    prompt: str = changed(
        AskedFor,
        "prompt",
        None,
        help="The same in words, such as 'blue hair red eyes'; several, separated by ; are a row "
        "each. What is left out is left to chance.",
    )
    num_images: int = changed(FromLatents, "num_images", None)
    output: str = changed(
        Drawing,
        "output",
        None,
        help="Where to draw: a grid if it ends in .png, the way from the starts to the pictures if "
        "in .gif, else a folder of single pictures. Default: a grid in the current folder.",
    )
    steps: int = setting(
        60,
        "Steps of the search. Pictures that the judge does not yet read as asked go on for as many "
        "again, up to seven times.",
        minimum=1,
        maximum=10_000,
    )
    step_size: float = setting(
        0.05,
        "How far a step goes along the gradient, at first; small steps are truer to the posterior.",
        above=0,
        maximum=1,
    )
    noise_scale: float = setting(
        1.0,
        "The noise of a step, over that by which the posterior is sampled; 0 for plain ascent.",
        minimum=0,
        maximum=10,
    )
    draw: str = changed(
        OfRun,
        "draw",
        None,
        help="Which of its networks, where it has several. Default: the first from noise.",
    )
    state: str = changed(OfRun, "state", None)

    def check(self):
        AskedFor.check(self)


def main(config):
    from gan_apps.command import requests
    from gan_apps.drawing import draw, pictures, runtimes
    from gan_apps.runs import run_dir

    run = pathlib.Path(config.run_dir) if config.run_dir else run_dir.shipped(
        SHIPPED if config.prompt is None else SHIPPED_OF_WORDS
    )  # fmt: skip
    recipe = run_dir.read_recipe(run)
    name, one = runtimes.named_draw(run, recipe, config.draw or _first_from_latents(recipe))
    if one.latents is None:
        raise Refused(
            f"--run_dir={run}: draws from pictures; a search is in what draws from noise."
        )
    weights = runtimes.weights(run, name, config.state)
    quiet.import_tensorflow()
    from gan_apps.operating_system.progress import progress
    from gan_apps.searching import chains, wanted

    folder = _judge(config, run, recipe, one)
    judge = wanted.opened(folder)
    if judge.shape != one.shape:
        seen, drawn = ("x".join(map(str, shape)) for shape in (judge.shape, one.shape))
        raise Refused(f"--judge={folder}: looks at {seen} pictures, and {run} draws {drawn}.")
    values, words = requests.requested_values(run, judge, config, "the judge reads")
    if config.prompt is None and judge.condition.flag == "prompt":
        raise Refused(
            f"--prompt: say what to search for; the judge reads {judge.condition.known()}."
        )
    output = pathlib.Path(config.output or f"{words}_found{GRID}")
    draw.check_writable(output)
    network = runtimes.keras_network(weights, name, one)
    count = config.num_images or DEFAULT_IMAGES
    options = {key: getattr(config, key) for key in ("steps", "step_size", "noise_scale")}
    inputs, path = chains.sampled(
        network, one, judge, values, count, seed=config.seed, options=options, bar=progress
    )
    columns = count if len(values) > 1 else pictures.square(count)
    grids = None
    if config.animated:
        grids = len(path)
        inputs = wanted.joined([{**inputs, "latents": latents} for latents in path])
    request = draw.Request(inputs=inputs, columns=columns, output=output, grids=grids)
    print(draw.draw(runtimes.keras_generator(network, one), request))


def _first_from_latents(recipe):
    """The name of the first of a run's draws from latents; None if there is none."""
    found = (name for name, one in recipe.draws.items() if one.latents is not None)
    return next(found, None)


def _judge(config, run, recipe, draw):
    """The folder of the judge that is named, or of the shipped one."""
    from gan_apps.searching import wanted

    if config.judge is not None:
        return pathlib.Path(config.judge)
    flag = next((f for f in ("digit", "label", "prompt") if getattr(config, f) is not None), None)
    found = wanted.default_judge(recipe, draw, flag)
    if found is None:
        raise Refused(
            f"--judge: no shipped classifier reads what {run} draws; name one, made by "
            "gan_apps.classifier."
        )
    return found


if __name__ == "__main__":
    launch.launch(Config, main)
