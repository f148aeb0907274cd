"""The lecture laboratory: what the lecture notes claim, as experiments beside the exact answers.

Each experiment is a module of this room with a function `run(options, folder) -> Findings` that
writes its pictures into `folder`. Nothing heavy is imported until one of them is run.
"""

# The lecture notes' titles, by number: "lecture 2" in this room is LECTURES[2].
LECTURES = (
    "WGAN",
    "Theory behind GAN",
    "Theory of Generative Adversarial Nets",
    "Wasserstein GAN",
    "Improved GAN",
)

# Name -> what it asks, in one line; in the order of the lectures.
EXPERIMENTS = {
    "maximum_likelihood": "Why not simply fit a density by maximum likelihood?",
    "vae_problem": "What does a VAE take for the same that a discriminator tells apart?",
    "fgan_gaussian": "What does each f-divergence make of a model that cannot match the data?",
    "generator_loss": "Why is the saturating loss not used, and what is used instead?",
    "mode_collapse": "Which GANs find all modes, and how well?",
    "latent_search": "What does a search draw, with a prior and without, climbing and sampling?",
    "blur": "Why does squared error blur, and what does a discriminator ask for instead?",
    "js_saturates": "What do divergences say of distributions that do not overlap?",
    "discriminator_as_divergence": "Does a discriminator's loss tell how good the generator is?",
    "optimal_transport": "What is the earth mover's distance, exactly?",
    "weight_clipping": "What does clipping do to the discriminator, and what a gradient penalty?",
}
