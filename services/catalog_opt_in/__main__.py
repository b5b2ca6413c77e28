"""`python -m services.catalog_opt_in serve|migrate|rerender`."""

from services.catalog_opt_in.price_lists import turns
from services.catalog_opt_in.rerender import rerender
from services.catalog_opt_in.servicer import build
from services.kernel.serving.server import Service, main

if __name__ == "__main__":
    main(Service("catalog-opt-in", build, {"rerender": rerender}, chores=(turns.run,)))
