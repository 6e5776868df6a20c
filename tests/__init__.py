"""Tests mirror the packages of `bench`; beside them `material`, which many share, and `tools`, which are no tests."""
