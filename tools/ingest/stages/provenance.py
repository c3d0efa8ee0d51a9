"""Stage that reads what a file says of its origin."""

from tools.ingest.run import IngestRun, Result
from tools.provenance.evidence import STAGE
from tools.provenance.provenance import as_row, read_with


def provenance(run: IngestRun) -> Result:
    """Content credentials, the watermark, and the container's own words, kept in the manifest.

    Nobody is trusted here: that is for who asks.
    """
    return Result(provider="c2pa", facts={STAGE: as_row(read_with(run.decode))})
