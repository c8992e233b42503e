"""Measurements, as ratios of one run."""

import bot.signals  # noqa: F401 (first of all: it chooses how NumPy sorts)
