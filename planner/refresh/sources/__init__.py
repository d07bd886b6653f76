"""The places where new prices are looked for, one module each."""

from planner.refresh.snapshot import Source
from planner.refresh.sources.aws import AWS
from planner.refresh.sources.azure import AZURE
from planner.refresh.sources.genai import GENAI
from planner.refresh.sources.gpuhunt import GPUHUNT
from planner.refresh.sources.huggingface import HUGGINGFACE
from planner.refresh.sources.openrouter import OPENROUTER

SOURCES: dict[str, Source] = {source.name: source for source in (GENAI, OPENROUTER, AZURE, AWS, GPUHUNT, HUGGINGFACE)}
"""Every source by its name, in the order they are asked."""
