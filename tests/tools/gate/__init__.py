"""What the regression gate is worth: restarts of the same version against itself, recorded and resampled."""
