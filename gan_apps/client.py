"""Draws an exported run by a TF-Serving server: the very pictures of drawing it here.

python -m gan_apps.client --server=http://localhost:8501 --model=cgan_digits --digit=9
python -m gan_apps.client --server=grpc://localhost:8500 --model=cgan_anime --prompt="blue hair"
python -m gan_apps.client --server=http://localhost:8501 --model=pix2pix_faces --input=sketch.png
"""

import dataclasses
import pathlib

from gan_apps.command import launch, requests
from gan_apps.runs import run_dir
from gan_apps.settings import Settings, setting
from gan_apps.settings.drawing import AnyDrawing


@dataclasses.dataclass(frozen=True, kw_only=True)
class Server(Settings):
    """Which server, and which run of it."""

    server: str = setting(
        None,
        "The server: http://HOST:PORT, https://..., or grpc://HOST:PORT.",
        required="name it, such as --server=http://localhost:8501",
    )
    model: str = setting(
        None,
        "The run, as the server calls it.",
        required="name the run, such as --model=cgan_digits",
    )
    run_dir: str = setting(
        None,
        "The run here, for its words, how its latents are drawn and its sketches made. Default: "
        "checkpoints/<model>.",
        is_path=True,
    )
    timeout: float = setting(30.0, "Seconds that one request may take.", above=0, maximum=3600)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Config(AnyDrawing, Server):
    """What is asked of a server."""


def main(config):
    run = run_dir.shipped(config.model) if config.run_dir is None else pathlib.Path(config.run_dir)
    recipe = run_dir.read_recipe(run)
    if config.list_words:
        requests.list_words(run, recipe.draw)
        return
    from gan_apps.clients import servers
    from gan_apps.command import finding
    from gan_apps.drawing import draw, runtimes

    name, one = runtimes.named_draw(run, recipe, requests.draw_for(recipe, config))
    sketch = runtimes.open_sketch(run, name, one)
    code = runtimes.open_coder(run, recipe, name)
    find = finding.finder(run, recipe, name, seed=config.seed)
    request = requests.request(run, one, config, sketch, code, find)
    draw.check_writable(request.output)
    generator = servers.open_generator(config.server, config.model, one, config.timeout)
    print(draw.draw(generator, request))


if __name__ == "__main__":
    launch.launch(Config, main)
