"""How well a recommender tells what users chose, beside what knows no pictures.

The AUC of a user is how often the item that was left out is scored above one that the user did not
choose at all; that of a recommender is the mean over users. New items are those that nobody chose
to learn from: of them the AUC is how often a choice is scored above another new item.
"""

import keras
import numpy as np

from gan_apps.data import feedback
from gan_apps.data.minibatches import minibatches
from models.dvbpr import DVBPR, ItemVectors
from models.game import to_signed

# By what choices are told in metrics.json.
ROWS = ("pictures (this run)", "popularity", "matrix factorisation")
# Pictures per call of the network.
BATCH = 500
# Fewer choices of new items tell nothing.
FEWEST = 30
# Of matrix factorisation: how it is trained, and how often it is looked at; the look with the best
# AUC of the choices to validate by counts.
FACTORISATION = {"taste_dim": 16, "batch_size": 256, "learning_rate": 5e-3, "taste_weight": 1e-2}
LOOKS, MOST_ITERATIONS = 12, 3_000


def scores(recommender, values, users=None):
    """x_ui of users and some items: float32 [users, items].

    Args:
      recommender: models.dvbpr.AbstractRecommender.
      values: array [items, ...]. What it sees of them; pictures uint8.
      users: ints, or None, the default, for all.
    """
    features = [
        recommender.features(to_signed(values[start : start + BATCH])).numpy()
        for start in range(0, len(values), BATCH)
    ]
    tastes = recommender.tastes.numpy()
    return (tastes if users is None else tastes[users]) @ np.concatenate(features).T


def auc(choices, given, split, only_new=False, fewest=1):
    """The AUC of scores.

    Args:
      choices: data.feedback.Choices.
      given: [users, items]. Scores, or one row [1, items] for all users.
      split: one of data.feedback.SPLITS. Which choices are to be told.
      only_new: bool. Whether new items alone count. Default False.
      fewest: int. Default 1.

    Returns:
      float in [0, 1], .5 by chance; nan if there are less than `fewest` choices to tell.
    """
    others = ~choices.chosen()
    if only_new:
        others &= choices.counts == 0
    found = []
    for user, item in zip(*choices.parts[split], strict=True):
        beside = others[user]
        if (only_new and choices.counts[item]) or not beside.any():
            continue
        row = given[user if len(given) > 1 else 0]
        found.append(np.mean(row[item] > row[beside]) + 0.5 * np.mean(row[item] == row[beside]))
    return float(np.mean(found)) if len(found) >= fewest else float("nan")


def measured(choices, recommender, seed=0):
    """What metrics.json holds of a recommender: {"auc": {words: float or None}}.

    Args:
      choices: data.feedback.Choices that it learned.
      recommender: models.dvbpr.Recommender.
      seed: int. Of the matrix factorisation that stands beside it.
    """
    given_by = (
        scores(recommender, choices.shop.pictures),
        choices.counts[None].astype(np.float64),
        factorised(choices, seed),
    )
    rows = dict(zip(ROWS, given_by, strict=True))
    parts = {
        "choices left out to test": (feedback.TEST, False),
        "choices left out to validate": (feedback.VALIDATION, False),
        "new items left out": (feedback.TEST, True),
    }
    figures = {
        f"{part}, by {name}": auc(choices, given, *asked, FEWEST if asked[1] else 1)
        for part, asked in parts.items()
        for name, given in rows.items()
    }
    # JSON has no number that is none.
    return {"auc": {words: None if value != value else value for words, value in figures.items()}}


def factorised(choices, seed=0):
    """The scores [users, items] of matrix factorisation, learned from the same choices."""
    keras.utils.set_random_seed(seed)
    asked = dict(FACTORISATION)
    data = feedback.of_split(choices, feedback.TRAIN)
    network = ItemVectors(
        num_users=len(choices.names), num_items=choices.num_items, taste_dim=asked["taste_dim"]
    )
    game = DVBPR({"recommender": network}, taste_weight=asked["taste_weight"], seed=seed)
    game.compile({"recommender": keras.optimizers.Adam(asked["learning_rate"])})
    order = minibatches(data, game.players, min(asked["batch_size"], len(data)), seed)
    iterations = min(60 * order.steps_per_epoch, MOST_ITERATIONS)
    numbers, best = np.arange(choices.num_items, dtype=np.int32), (-1.0, None)
    for look in range(LOOKS):
        steps = max(iterations // LOOKS, 1)
        game.fit(order.iterations(look * steps), steps_per_epoch=steps, epochs=1, verbose=0)
        given = network.tastes.numpy() @ network.features(numbers).numpy().T
        given = given + network.get_layer("biases").get_weights()[0].T
        best = max(best, (auc(choices, given, feedback.VALIDATION), given), key=lambda one: one[0])
    return best[1]
