"""Writes web pages that draw in the browser: from noise, words, sketches, photos, clips.

No server is behind them.

python -m gan_apps.demo --output_dir=site          the site; any web server can give it away
python -m gan_apps.demo --output_dir=site --serve  and shows it on this computer
"""

import dataclasses
import pathlib

from gan_apps.command import launch
from gan_apps.runs import run_dir
from gan_apps.settings import Settings, setting

SHIPPED = ("cgan_digits", "cgan_anime", "dcgan_faces", "pix2pix_faces", "cyclegan_hair")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Config(Settings):
    """What the site draws from, and how it is shown."""

    output_dir: str = setting(
        None,
        "The folder of the site: a new one, or an earlier site's.",
        required="name the folder of the site",
        is_path=True,
    )
    run_dirs: tuple = setting(
        (),
        f"The runs that it draws from. Default: the shipped {', '.join(SHIPPED)}.",
        is_path=True,
    )
    serve: bool = setting(False, "Give the site away over HTTP until Ctrl-C.")
    host: str = setting("127.0.0.1", "With --serve: the address to listen on; 0.0.0.0 for all.")
    port: int = setting(
        8000, "With --serve: the port; another one if it is taken.", minimum=0, maximum=65535
    )


def main(config):
    # NumPy and Pillow, not needed to refuse a flag.
    from gan_apps.serving import http_site, site

    runs = [pathlib.Path(run) for run in config.run_dirs]
    output = pathlib.Path(config.output_dir)
    size = site.build(runs or [run_dir.shipped(name) for name in SHIPPED], output)
    print(f"{size / 1e6:.1f} MB")
    print(output, flush=True)
    if config.serve:
        with http_site.server(output, config.host, config.port) as server:
            host, port = server.server_address[:2]
            print(f"http://{host}:{port}/ (Ctrl-C ends it)", flush=True)
            try:
                server.serve_forever()
            except KeyboardInterrupt:
                pass


if __name__ == "__main__":
    launch.launch(Config, main)
