"""The kinds of files that the log can be taken as."""

from portal.domain.marked import msgid
from portal.presenters.audit_exports import PRINTED, ExportFormat, as_csv, as_ndjson, as_pdf
from portal.presenters.process_mining import as_ocel, as_xes

FORMATS = {
    made.kind: made
    for made in (
        ExportFormat(
            "csv", "CSV", msgid("For spreadsheets, in the words of this page"), "text/csv",
            "table-cells", as_csv,
        ),
        ExportFormat(
            "pdf", "PDF", msgid("To print: at most 1,000 entries"), "application/pdf",
            "printer", as_pdf, PRINTED,
        ),
        ExportFormat(
            "ndjson", "NDJSON", msgid("Every field that is hashed, one document a line"),
            "application/x-ndjson", "code-bracket", as_ndjson,
        ),
        ExportFormat(
            "xes", "XES", msgid("For process mining: a trace for each request"),
            "application/xml", "arrows-right-left", as_xes,
        ),
        ExportFormat(
            "ocel.json", "OCEL 2.0", msgid("For process mining: requests and people as objects"),
            "application/json", "cube", as_ocel,
        ),
    )
}  # fmt: skip
