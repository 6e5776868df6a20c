"""Networks without their classifiers, and the weights that they start from."""
