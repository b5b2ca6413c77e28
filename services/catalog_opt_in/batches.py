"""What all batches have in common: rows that name products, each at most once."""

from collections import Counter
from collections.abc import Sequence

from souk.catalog_opt_in.v1.catalog_service_pb2 import BatchChangeProductsRequest

from services.catalog_opt_in.messages import PRODUCT
from services.catalog_opt_in.violations import Violations
from services.kernel.call import names
from services.kernel.call.errors import InvalidArgument, invalid
from services.kernel.call.limits import most_entries

# Of all kinds together; the contract can only say it of each.
MOST_ROWS = most_entries(BatchChangeProductsRequest, "creates")


def product_ids(
    named: Sequence[tuple[str, str]],
    *,
    unnamed: int = 0,
    lists: Sequence[str] = ("creates", "updates", "deletes"),
) -> list[str]:
    """Returns the ids of the products in rows, given where each row names its product, and how.

    `unnamed` is how many rows there are besides, and `lists` which the rows are in.

    Raises:
        InvalidArgument: too many rows, a malformed name, or a product in two rows.
    """
    if len(named) + unnamed > MOST_ROWS:
        together = f"{', '.join(lists[:-1])} and {lists[-1]} together"
        text = f"must have at most {MOST_ROWS} entries in {together}"
        raise invalid("FIELD_INVALID", {lists[0]: text})
    violations, counts = Violations(), Counter(product for _, product in named)
    ids: list[str] = []
    for place, product in named:
        try:
            ids += names.parse(product, PRODUCT)
        except InvalidArgument as refusal:
            violations.add(place, f"must have the form {PRODUCT}", refusal.reason)
        if counts[product] > 1:
            violations.add(place, "must be in one row only: this product is in several")
    violations.refuse()
    return ids
