"""What finds the latents of pictures that are given, for requests."""

from gan_apps.drawing import pictures, runtimes
from gan_apps.operating_system import quiet


def finder(run, recipe, name, state=None, seed=0):
    """A function (uint8 [n, h, w, c], values or None, k) -> searching.likeness.Found.

    It takes the run's weights for Keras, whatever draws what is found. Nothing is opened before it
    is called.

    Args:
      run: path of a run directory.
      recipe: run_dir.Recipe of the run.
      name: str. One of its draws.
      state: as in runtimes.weights.
      seed: int. Of where is searched from.
    """
    draw = recipe.draws[name]

    def find(images, values, starts):
        weights = runtimes.weights(run, name, state)
        coder = runtimes.open_coder(run, recipe, name, state=state)
        given = () if coder is None else coder(pictures.to_signed(images))
        quiet.import_tensorflow()
        from gan_apps.operating_system.progress import progress
        from gan_apps.searching import likeness

        return likeness.nearest(
            runtimes.keras_network(weights, name, draw),
            draw,
            images,
            seed=seed,
            bar=progress,
            values=values,
            starts=max(likeness.STARTS, starts),
            judge=likeness.judge_of(recipe, draw),
            given=given,
        )

    return find
