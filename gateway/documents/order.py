"""Orders, as clients name what they want of them."""

STATUSES = ("pending", "completed", "draft", "archived", "canceled", "requires_action")
