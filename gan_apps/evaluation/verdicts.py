"""What a run that judges says of itself in metrics.json, in words. The standard library only."""

# Content of metrics.json -> (what each of its figures is called, how it is written, of what).
_KINDS = {
    "test_accuracy": ("read right, {}", "{:.2%}", "images that it was never trained on"),
    "r_precision": (
        "R-precision, the own sentence the nearest of {}",
        "{:.2%}",
        "images that it was never trained on",
    ),
    "auc": ("AUC of {}", "{:.3f}", "choices that it was never trained on"),
}
NOTHING = "nothing to tell"


def lines(report):
    """[(what, figure)] of the content of metrics.json; None if it is of what a run draws."""
    for key, (called, written, _) in _KINDS.items():
        if key in report:
            return [
                (called.format(name), NOTHING if value is None else written.format(value))
                for name, value in report[key].items()
            ]
    return None


def of(report):
    """What those figures are of, in words."""
    return next(
        f"{report['num_images']:,} {words}" for key, (*_, words) in _KINDS.items() if key in report
    )
