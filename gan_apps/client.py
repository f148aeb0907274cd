"""Draws by a TF-Serving server that has an exported run: the very pictures of drawing it here.

python -m gan_apps.client --server=http://localhost:8501 --model=cgan_digits --digit=9
python -m gan_apps.client --server=grpc://localhost:8500 --model=cgan_anime --prompt="blue hair"
"""

import pathlib

from absl import flags

from gan_apps.command import launch, request_flags
from gan_apps.runs import run_dir
from gan_apps.settings import Refused
from gan_apps.settings import flags as settings_flags

flags.DEFINE_string(
    "server", None, "The server: http://HOST:PORT, https://..., or grpc://HOST:PORT."
)
flags.DEFINE_string("model", None, "The run, as the server calls it.")
settings_flags.define_path(
    "run_dir",
    None,
    "The run here, for its words and how its latents are drawn. Default: checkpoints/<model>.",
)
flags.DEFINE_integer("seed", None, "Seed of the pictures. Default: that of the commands, 0.")
flags.DEFINE_float("timeout", 30.0, "Seconds that one request may take.")


def main():
    values = flags.FLAGS
    for name in ("server", "model"):
        if not values[name].value:
            raise Refused(f"--{name}: name it, such as --server=http://localhost:8501.")
    values.seed = 0 if values.seed is None else values.seed
    request_flags.check()
    run = pathlib.Path(values.run_dir) if values.run_dir else run_dir.shipped(values.model)
    recipe = run_dir.read_recipe(run)
    if request_flags.wants_words():
        request_flags.list_words(run, recipe.draw)
        return
    from gan_apps.clients import servers
    from gan_apps.drawing import draw

    servers.check_seconds(values.timeout)
    request = request_flags.request(run, recipe.draw)
    draw.check_writable(request.output)
    generator = servers.open_generator(values.server, values.model, recipe.draw, values.timeout)
    print(draw.draw(generator, request))


if __name__ == "__main__":
    request_flags.define_flags()
    launch.launch(main)
