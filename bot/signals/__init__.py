"""The shared signal engine. Needs NumPy, nothing else of ours; importable alone."""

from bot.signals.report import FeatureResult, Report, Shape

__all__ = ["FeatureResult", "Report", "Shape"]
