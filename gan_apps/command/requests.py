"""What is asked of a run: pictures from latents or from pictures, of what, and where to."""

from gan_apps import conditions
from gan_apps.conditions.attributes import PROMPT
from gan_apps.settings import Refused
from gan_apps.settings.drawing import FromAnyPictures, FromClips, FromNoise


def request(run, draw, asked, sketch=None, code=None, find=None):
    """The drawing.draw.Request that settings ask of a run.

    Args:
      run: path of the run.
      draw: runs.draws.Draw of it.
      asked: settings.drawing.Drawing.
      sketch: as in picture_requests.request, for a draw from pictures.
      code, find: as in latent_requests.LatentRequest, for a draw from latents.
    """
    from gan_apps.command import clip_requests, latent_requests, picture_requests

    if draw.latents is None and draw.pictures.frames > 1:
        _refuse(run, asked.beyond(FromClips), "goes on with a clip: give --input")
        return clip_requests.request(draw, asked)
    if draw.latents is None:
        _refuse(run, asked.beyond(FromAnyPictures), "draws from pictures: give --input")
        return picture_requests.request(draw, asked, sketch)
    _refuse(run, asked.beyond(FromNoise), "draws from noise, not from pictures")
    values, name = requested_values(run, draw, asked)
    return latent_requests.LatentRequest(
        draw=draw, asked=asked, values=values, name=name, code=code, find=find
    ).request()


def draw_for(recipe, asked):
    """The name of what a recipe draws that a request is to: from pictures, if one is given.

    Of two sets of pictures it is the one that draws those of the set that is asked for.

    Args:
      recipe: run_dir.Recipe.
      asked: settings.drawing.Drawing.

    Returns:
      str, or None for the first of them, whatever it takes.
    """
    takes = (
        name
        for name, draw in recipe.draws.items()
        if draw.pictures is not None and (asked.to is None or asked.to == draw.side)
    )
    return None if asked.input is None else next(takes, None)


def _refuse(run, given, why):
    for name, value in given.items():
        raise Refused(f"--{name}={value}: {run} {why}.")


def requested_values(run, draw, asked, reads="this run draws"):
    """What --digit, --label or --prompt ask of a run, a list of values, and a file name.

    Prompts are words without a place of their own: what a run does not know of them is told on
    stderr.

    Args:
      run: path of the run.
      draw: runs.draws.Draw, or what else has a `condition`.
      asked: settings.drawing.AskedFor.
      reads: str. Whose condition it is and what it does, for a message.
    """
    condition = draw.condition
    for name in conditions.FLAGS:
        value = getattr(asked, name)
        if value is None or name == condition.flag:
            continue
        if condition.flag is None:
            raise Refused(f"--{name}={value}: {run} draws without being asked for anything.")
        raise Refused(
            f"--{name}={value}: {reads} {condition.known()}; ask with --{condition.flag}."
        )
    text = None if condition.flag is None else getattr(asked, condition.flag)
    if text is None:
        return condition.every(), condition.default_name or run.resolve().name
    values = condition.read(text, f"--{condition.flag}")
    return values, condition.file_name(values)


def list_words(run, draw):
    if draw.condition.flag != PROMPT:
        raise Refused(f"--list_words: {run} does not draw from prompts.")
    for word in [] if draw.condition.slots else draw.condition.wording.words:
        print(word)
    for noun, values in draw.condition.slots:
        print(f"{noun}: {', '.join(value.replace('_', ' ') for value in values)}")
