"""Test images, without labels, change the model while they are answered.

Others import: at_test_time.
"""
