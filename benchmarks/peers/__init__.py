"""The same trainings in other people's ways, each written plainly in one file.

A peer has the networks, the loss, the batch and the optimizer of a row of `benchmarks.tasks`, layer
for layer; `benchmarks.agreement` checks that it computes the same. Like ours it looks at the real
images once for both conditions, and wastes no gradient on the network that is not updated. Unlike
ours it keeps no moving average of the generator and lets no learning rate fall.
"""
