"""`python -m services.commerce serve|migrate`."""

from services.commerce.carts import expiry
from services.commerce.customers import sessions, unknown_logins
from services.commerce.notices import delivery
from services.commerce.orders import sweeper
from services.commerce.servicer import build
from services.kernel.serving.server import Service, main

if __name__ == "__main__":
    chores = (delivery.run, sweeper.run, expiry.run, unknown_logins.run, sessions.run)
    main(Service("commerce", build, chores=chores, check_caller=sessions.refuse_ended))
