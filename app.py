"""The ASGI app. `streamlit run app.py` serves it, and so does `uvicorn app:app`."""

import gc
import os
import sys
from pathlib import Path

# Imported here so that the first visitor does not wait for them.
import pandas  # noqa: F401
import plotly.graph_objects  # noqa: F401
import pyarrow  # noqa: F401
import streamlit as st
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from planner import __version__
from planner.web.security import OriginGuard, SecurityHeaders, listen_address, refuse_any_host, refuse_open_address

ROUTER = Path(__file__).resolve().parent / "planner" / "web" / "main.py"


async def ready(_request: Request) -> JSONResponse:
    """Answer a readiness probe. Liveness is Streamlit's own /_stcore/health."""
    return JSONResponse({"ready": True, "version": __version__})


def middleware() -> list[Middleware]:
    """Outermost first. Compression is for a machine with no proxy in front (8.5 MB becomes 2.9 MB at first load)."""
    compress = [Middleware(GZipMiddleware)] if os.environ.get("PLANNER_GZIP") == "1" else []
    return [*compress, Middleware(SecurityHeaders), Middleware(OriginGuard)]


refuse_open_address(listen_address(sys.argv, os.environ), os.environ)
refuse_any_host(st.get_option("server.allowedHosts"))
app = st.App(str(ROUTER), routes=[Route("/readyz", ready)], middleware=middleware())

# Streamlit collects garbage after every script run. What is alive now stays alive: frozen, it is not searched
# each time, which makes a rerun about three times cheaper.
gc.collect()
gc.freeze()
