"""`python -m services.commerce serve|migrate`."""

from services.commerce.notices import delivery
from services.commerce.orders import sweeper
from services.commerce.servicer import build
from services.kernel.serving.server import Service, main

if __name__ == "__main__":
    main(Service("commerce", build, chores=(delivery.run, sweeper.run)))
