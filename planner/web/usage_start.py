"""How an import begins: files, the sample, a source of the operator, or an import that is kept."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal
from zoneinfo import available_timezones

import streamlit as st
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.scriptrunner import get_script_run_ctx

from planner.catalog.price_thresholds import price_thresholds
from planner.usage.errors import UsageError, UsageProblem
from planner.usage.importer import ImportRequest
from planner.usage.kept import kept_profiles, usage_folder
from planner.usage.overlap import Overlap
from planner.usage.sources import configured_sources, sources_file
from planner.web.state import ROOT, catalog, today
from planner.web.text import md, small
from planner.web.usage_desk import Desk, desk, open_import, presence
from planner.web.usage_formats import formats_panel, listed
from planner.web.usage_job import Job
from planner.web.usage_mapper import OWNER, ZONE, Mapped, mapper_panel, mapping_boxes
from planner.web.usage_uploads import Uploads
from planner.web.usage_words import period
from planner.web.usage_work import FileImport, SourceImport
from planner.workload.readers.base import OwnerKind

SAMPLE = ROOT / "data" / "traces" / "azure2023_conv.parquet"
KEPT, SOURCE = "usage-kept", "usage-source"
SAMPLE_NAME = "Azure conversation trace, 2023"
NAME, FORMAT, REJECTS, OVERLAP = (f"usage-{name}" for name in ("name", "format", "rejects", "overlap"))
BOXES = (NAME, FORMAT, ZONE, OWNER, REJECTS, OVERLAP)
RECOGNISED = ""
REJECTS_LABEL = "Stop when more rows than this cannot be used (%)"
OVERLAP_LABEL = "What two files may both hold"
OVERLAPS: dict[Overlap, str] = {
    "ask": "tell by the rows, and ask where they do not tell",
    "once": "once: it is the same usage, count it one time",
    "add": "add: different projects or replicas, count everything",
}
ON_PAGE = {
    "--max-reject-share": f"“{REJECTS_LABEL}” under “How to read it”",
    "--overlap": f"“{OVERLAP_LABEL}” under “How to read it”",
}
"""What the command calls it -> this page."""
MOST_MB = 200
"""Of one uploaded file; server.maxUploadSize says the same."""
OWNERS: dict[OwnerKind | Literal[""], str] = {
    "": "nobody: no ids are kept",
    "team": "teams",
    "project": "projects",
    "key": "API keys (as a hash)",
    "user": "people (as a hash)",
}


@dataclass(frozen=True)
class Settings:
    """How the files are to be read."""

    name: str = ""
    format_id: str | None = None
    zone: str = "UTC"
    owner_by: OwnerKind | None = None
    max_reject_fraction: float = ImportRequest.max_reject_fraction
    overlap: Overlap = "ask"

    def request(self, *paths: Path, **more: Any) -> ImportRequest:
        """What to import."""
        return ImportRequest(
            paths=paths,
            name=self.name,
            format_id=self.format_id,
            zone=self.zone,
            owner_by=self.owner_by,
            max_reject_fraction=self.max_reject_fraction,
            overlap=self.overlap,
            thresholds=price_thresholds(catalog().tables),
            on=today(),
            **more,
        )


def start_panel() -> None:
    """The empty state."""
    current = desk()
    _as_typed(current)
    if current.told:
        st.success(md(current.told), icon="✅")
        current.told = ""
    st.markdown(
        "Your own logs say what a scenario needs: how much is asked a day, how long requests are, and how far the "
        "busiest hour stands above the mean. Give an export of your provider or gateway: prompts are never stored, and "
        "nothing leaves this server."
    )
    _problems(current.problems)
    if current.unread:
        mapper_panel(current, _map)
    _files()
    _other_ways()
    formats_panel()


def _as_typed(current: Desk) -> None:
    """What was typed before an import that failed or was stopped stands in the boxes again."""
    for key, value in current.typed.items():
        st.session_state.setdefault(key, value)
    current.typed = {}


def _problems(problems: tuple[UsageProblem, ...]) -> None:
    """All at once, with the names that things have on this page."""
    if problems:
        said = "\n".join(f"- {md(_as_on_page(str(problem)))}" for problem in problems)
        st.error(f"The import was not made:\n{said}", icon="⚠️")


def _as_on_page(text: str) -> str:
    for option, box in ON_PAGE.items():
        text = text.replace(option, box)
    return text


def _files() -> None:
    given = st.file_uploader(
        "Usage exports: CSV, JSON, JSON lines or Parquet, also packed (.gz, .zst)",
        accept_multiple_files=True,
        key=f"usage-files-{desk().epoch}",
        max_upload_size=MOST_MB,
    )
    st.markdown(
        small(
            f"At most {MOST_MB} MB a file. Larger logs are read where they lie, by "
            "`planner usage import PATH --out PROFILE` beside this server, or from a source that the operator has "
            "configured; both are then found below."
        )
    )
    _settings()
    st.button(
        "Import",
        type="primary",
        key="usage-import",
        disabled=not given,
        on_click=_import_files,
        args=(given,),
    )


def _settings() -> None:
    """The name, and what is seldom needed, folded."""
    st.text_input("Name of the import", key=NAME, max_chars=120, placeholder="As the first file is called")
    with st.expander("How to read it", key="usage-settings"):
        titles = {reader.about.reader_id: reader.about.title for reader in listed()}
        st.selectbox(
            "Format",
            [RECOGNISED, *titles],
            format_func=lambda i: titles.get(i, "Recognise it from the file"),
            key=FORMAT,
        )
        st.session_state.setdefault(ZONE, Settings.zone)
        st.selectbox("Zone of times that say none", sorted(available_timezones()), key=ZONE)
        st.selectbox("Keep who asked, for showback", list(OWNERS), format_func=OWNERS.__getitem__, key=OWNER)
        st.session_state.setdefault(REJECTS, 100 * Settings.max_reject_fraction)
        st.number_input(REJECTS_LABEL, 0.0, 100.0, step=1.0, key=REJECTS)
        st.selectbox(OVERLAP_LABEL, list(OVERLAPS), format_func=OVERLAPS.__getitem__, key=OVERLAP)


def _typed() -> Settings:
    """What the boxes hold now; read in callbacks, so that what was typed last counts."""
    state = st.session_state
    owner: OwnerKind | Literal[""] = state.get(OWNER, "")
    return Settings(
        name=(state.get(NAME) or "").strip(),
        format_id=state.get(FORMAT) or None,
        zone=state.get(ZONE) or Settings.zone,
        owner_by=owner or None,
        max_reject_fraction=state.get(REJECTS, 100 * Settings.max_reject_fraction) / 100,
        overlap=state.get(OVERLAP) or Settings.overlap,
    )


def _import_files(given: list[Any]) -> None:
    """Start to read what was uploaded; the server lets go of its copy when the thread has put it down."""
    uploads = Uploads()
    work = FileImport(_typed().request(), uploads, tuple((file.name, file) for file in given))
    _begin(work)
    _drop(given)


def _begin(work: FileImport | SourceImport) -> None:
    """One import at a time in a session; what was there before goes, but for files that are being mapped."""
    current = desk()
    uploads = work.uploads if isinstance(work, FileImport) else None
    if uploads is not current.uploads or not work.request.mapping:
        current.clear()
    current.uploads, current.problems = uploads, ()
    current.typed = _held(mapped=bool(work.request.mapping))
    current.epoch += 1
    current.job = Job(work, presence())


def _held(*, mapped: bool) -> dict[str, Any]:
    """What the boxes hold now; columns only where the same files are read again."""
    boxes = {*BOXES, *(mapping_boxes() if mapped else ())}
    return {str(key): value for key, value in st.session_state.items() if key in boxes}


def _drop(given: list[Any]) -> None:
    """Streamlit would keep the bytes for as long as the session lives."""
    context = get_script_run_ctx()
    if context is not None and isinstance(context.uploaded_file_mgr, MemoryUploadedFileManager):
        for file in given:
            context.uploaded_file_mgr.remove_file(context.session_id, file.file_id)


def _map(mapped: Mapped) -> None:
    """Read the files again that were not understood, with the columns as mapped."""
    current = desk()
    settings = replace(_typed(), format_id=None)
    request = settings.request(*current.unread, mapping=dict(mapped.columns), cached_inside=mapped.cached_inside)
    _begin(FileImport(request, current.uploads))


def _other_ways() -> None:
    left, right = st.columns(2)
    with left:
        st.markdown("**No export at hand?** One hour of a public trace: 19,366 requests of a chat, November 2023.")
        st.button("Try with a sample", key="usage-sample", on_click=_import_sample)
    with right:
        _kept()
    _sources()


def _import_sample() -> None:
    _begin(FileImport(Settings(name=SAMPLE_NAME).request(SAMPLE)))


def _kept() -> None:
    found = {profile.profile_id: profile for profile in kept_profiles(usage_folder())}
    st.markdown("**Kept imports.** What was imported on this server, here or by the command.")
    if not found:
        st.markdown(small("None yet."))
        return
    st.selectbox(
        "Kept import",
        list(found),
        format_func=lambda i: f"{found[i].name}: {period(found[i])}, imported on {found[i].imported_on}",
        key=KEPT,
        label_visibility="collapsed",
    )
    st.button("Open it", key="usage-open", on_click=lambda: open_import(st.session_state[KEPT]))


def _sources() -> None:
    """What the operator has configured; nothing is shown where there is nothing."""
    try:
        found = configured_sources()
    except UsageError as error:
        here = str(sources_file())
        said = "; ".join(str(p).replace(here, sources_file().name) for p in error.problems)
        st.warning(f"The operator's list of sources cannot be used: {md(said)}", icon="⚠️")
        return
    if not found:
        return
    st.markdown("**Configured sources.** Logs that the operator of this server has named, read where they lie.")
    st.selectbox("Source", [source.name for source in found], key=SOURCE)
    st.button("Import this source", key="usage-source-import", on_click=_import_source)


def _import_source() -> None:
    _begin(SourceImport(st.session_state[SOURCE], _typed().request()))
