"""Documents to pages, pages to stamped TIFF or PDF files; parsers run in a child process."""

from produce.imaging.probe import Probe, probes
from produce.imaging.render import render_batch
from produce.imaging.write import image_batch

__all__ = ["Probe", "image_batch", "probes", "render_batch"]
