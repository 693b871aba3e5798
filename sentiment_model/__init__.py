"""The recipe of the bundled model: it fetches human ratings and a pretrained network, prunes, trains, evaluates."""
