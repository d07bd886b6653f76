"""The only Streamlit inside planner: router, security, state and shared components."""
