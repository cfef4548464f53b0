"""The settings of kind `journal`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

from msgspec import Meta, Struct

from adapters.journal.codes import Codes, CodesOfJobs
from adapters.shared.decoding import AUTO, Encoding, check_encoding
from adapters.shared.plans import PlanOptions
from adapters.shared.zones import check_zone
from smic_tui.i18n import _


def check_codes(ok: Iterable[int], warning: Iterable[int]) -> None:
    """Raise `ValueError` for an exit status that is given two meanings."""
    twice = sorted(({0, *ok}) & {*warning})
    if twice:
        raise ValueError(_("warning_codes: {code} is a success already").format(code=twice[0]))


class JournalPlan(PlanOptions, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A backup that writes into the journal, and when it is expected."""

    site: Annotated[str, Meta(description="Site that is backed up, as the lines name it.")]
    application: Annotated[str, Meta(description="What is backed up, as the lines name it.")]
    name: Annotated[str, Meta(description="The `job` of its lines; empty: they have none.")] = ""
    protocol: Annotated[str, Meta(description="How it is backed up, if the lines do not say.")] = ""
    ok_codes: Annotated[
        tuple[int, ...] | None,
        Meta(
            description="Exit statuses besides 0 that are a success; absent: those of the source."
        ),
    ] = None
    warning_codes: Annotated[
        tuple[int, ...] | None,
        Meta(description="Exit statuses that are a warning; absent: those of the source."),
    ] = None

    def __post_init__(self) -> None:
        """Refuse a plan for nothing, besides what every plan refuses."""
        super().__post_init__()
        if not self.site or not self.application:
            raise ValueError(_("site and application must not be empty"))
        check_codes(self.ok_codes or (), self.warning_codes or ())

    def codes(self, usual: Codes) -> Codes:
        """Return what exit statuses mean for this job; `usual` are those of the source."""
        warning = usual.warning if self.warning_codes is None else frozenset(self.warning_codes)
        ok = usual.ok - warning if self.ok_codes is None else frozenset(self.ok_codes)
        return Codes(ok=ok, warning=warning)

    @property
    def key(self) -> str:
        """The key of the job."""
        return self.name or f"{self.site}/{self.application}"


class JournalOptions(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Files to which backup scripts append one line of JSON for each run."""

    path: Annotated[
        str,
        Meta(
            description="A file, or a folder of files; a relative path starts from the folder of "
            "the configuration.",
            min_length=1,
        ),
    ]
    files: Annotated[
        tuple[str, ...],
        Meta(description="In a folder: patterns of the names that are read."),
    ] = ("*.jsonl", "*.json", "*.ndjson")
    timezone: Annotated[
        str,
        Meta(description="IANA zone of times without offset; empty: the display's time zone."),
    ] = ""
    encoding: Encoding = AUTO
    plans: Annotated[
        tuple[JournalPlan, ...],
        Meta(description="The backups that are expected. A plan here wins over that of a line."),
    ] = ()
    ok_codes: Annotated[
        tuple[int, ...],
        Meta(
            description="Exit statuses besides 0 that are a success, where no plan says otherwise: "
            "1 to 7 of robocopy."
        ),
    ] = ()
    warning_codes: Annotated[
        tuple[int, ...],
        Meta(
            description="Exit statuses that are a warning, where no plan says otherwise: 24 of "
            "rsync, 1 of borg, 3 of restic."
        ),
    ] = ()

    def __post_init__(self) -> None:
        """Refuse what cannot be used."""
        if "\0" in self.path:
            raise ValueError(_("path must not contain a NUL character"))
        if not self.files or not all(self.files):
            raise ValueError(_("files is empty: at least one pattern is needed, e.g. *.jsonl"))
        check_zone(self.timezone)
        check_codes(self.ok_codes, self.warning_codes)
        check_encoding(self.encoding)
        seen: set[str] = set()
        for plan in self.plans:
            if plan.key in seen:
                raise ValueError(
                    _('plans: two are called "{name}"; give one another `name`').format(
                        name=plan.key
                    )
                )
            seen.add(plan.key)

    def codes(self) -> CodesOfJobs:
        """Return what exit statuses mean, by the key of a job."""
        usual = Codes(ok=frozenset(self.ok_codes), warning=frozenset(self.warning_codes))
        return CodesOfJobs(
            usual=usual,
            by_job={plan.key: plan.codes(usual) for plan in self.plans},
        )
