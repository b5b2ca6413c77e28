"""Runs the audit service: `python -m services.audit serve|migrate`."""

from services.audit import sequencer, witnessing
from services.audit.servicer import build
from services.kernel.serving.server import Service, main

main(Service(name="audit", build=build, chores=(sequencer.run, witnessing.run)))
