"""Which products a tenant has opted in to, and what its storefront shows of them."""
