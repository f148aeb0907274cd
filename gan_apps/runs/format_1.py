"""Runs of format 1: one generator of latents, with labels, with attributes in words, or without."""

from typing import Any

# The class of a generator -> what its config says of the condition, which networks now take apart.
CONDITIONS = {"unconditional": None, "conditional": "num_classes", "attributes": "vocabulary"}


def upgraded(values: dict) -> dict:
    """The content of a config.json of format 1 in format 2.

    Raises:
      KeyError, TypeError or ValueError: it describes no run.
    """
    generator, settings = values["generator"], values["settings"]
    config = dict(generator["config"])
    kind = generator["class"]
    described = config.pop(CONDITIONS[kind], None)
    shape = [config["image_size"], config["image_size"], config["channels"]]
    names, flag = values["label_names"], values["condition"]
    fits = {
        "unconditional": flag is None and not names,
        "conditional": flag in ("digit", "label") and 0 < described == len(names),
        "attributes": flag == "prompt" and not names,
    }
    if not fits[kind]:
        raise ValueError("its condition is none that its generator takes.")
    draw: dict[str, Any] = {"shape": shape}
    if kind == "conditional":
        config["condition"] = {"column": "labels", "sizes": [described]}
        draw["condition"] = {"kind": "labels", "names": names, "flag": flag}
    if kind == "attributes":
        sizes = [len(words) for _, words in described["slots"]]
        config["condition"] = {"column": "attributes", "sizes": sizes}
        draw["condition"] = {"kind": "attributes", **described}
    draw["latents"] = {
        "size": config["latent_dim"],
        "distribution": settings.get("latent_distribution", "normal"),
    }
    draw["network"] = {"class": "networks.Generator", "config": config}
    kept = {
        name: value
        for name, value in values.items()
        if name not in ("app", "generator", "label_names", "condition")
    }
    return {**kept, "system": values["app"], "draws": {"generator": draw}}
