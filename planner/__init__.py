"""The LLM TCO planner: what each way of serving a model costs, which is cheapest, and how sure we are."""

__version__ = "0.1.0"
