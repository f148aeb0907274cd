"""Writes a web page that draws digits and faces in the browser, with no server behind it.

python -m gan_apps.demo --output_dir=site          the site; any web server can give it away
python -m gan_apps.demo --output_dir=site --serve  and shows it on this computer
"""

import pathlib

from absl import flags

from gan_apps.command import launch
from gan_apps.runs import run_dir
from gan_apps.settings import Refused
from gan_apps.settings import flags as settings_flags

SHIPPED = ("cgan_digits", "cgan_anime", "dcgan_faces")

settings_flags.define_path(
    "output_dir", None, "The folder of the site: a new one, or an earlier site's."
)
settings_flags.define_paths(
    "run_dirs", [], f"The runs that it draws from. Default: the shipped {', '.join(SHIPPED)}."
)
flags.DEFINE_bool("serve", False, "Give the site away over HTTP until Ctrl-C.")
flags.DEFINE_string("host", "127.0.0.1", "[serve] The address to listen on; 0.0.0.0 for all.")
flags.DEFINE_integer("port", 8000, "[serve] The port; another one if it is taken.")


def main():
    values = flags.FLAGS
    if not values.output_dir:
        raise Refused("--output_dir: name the folder of the site.")
    if not 0 <= values.port <= 65535:
        raise Refused(f"--port={values.port}: must be 0 to 65535.")
    # NumPy and Pillow, not needed to refuse a flag.
    from gan_apps.serving import http_site, site

    runs = [pathlib.Path(run) for run in values.run_dirs]
    output = pathlib.Path(values.output_dir)
    size = site.build(runs or [run_dir.shipped(name) for name in SHIPPED], output)
    print(f"{size / 1e6:.1f} MB")
    print(output, flush=True)
    if values.serve:
        with http_site.server(output, values.host, values.port) as server:
            host, port = server.server_address[:2]
            print(f"http://{host}:{port}/ (Ctrl-C ends it)", flush=True)
            try:
                server.serve_forever()
            except KeyboardInterrupt:
                pass


if __name__ == "__main__":
    launch.launch(main)
