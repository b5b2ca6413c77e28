"""Runs the audit service: `python -m services.audit serve|migrate`."""

from functools import partial

from services.audit import cosigning, sequencer, servicer
from services.audit.wakers import Wakers
from services.kernel.serving.server import Service, main

wakers = Wakers()
main(
    Service(
        name="audit",
        build=partial(servicer.build, wakers=wakers),
        chores=(partial(sequencer.run, wakers=wakers), partial(cosigning.run, wakers=wakers)),
    )
)
