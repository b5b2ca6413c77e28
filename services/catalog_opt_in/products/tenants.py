"""The method of CatalogService that tells the head office which tenants sell its products."""

from souk.catalog_opt_in.v1 import catalog_service_pb2 as pb

from services.catalog_opt_in.head_office import HeadOffice
from services.catalog_opt_in.listings.refresh import tenants_listing
from services.catalog_opt_in.messages import PRODUCT
from services.kernel.call import names


class ProductTenants:
    _office: HeadOffice

    async def ListProductTenants(
        self, request: pb.ListProductTenantsRequest, _context: object
    ) -> pb.ListProductTenantsResponse:
        ids = [names.parse(name, PRODUCT)[0] for name in request.products]
        async with self._office.reading_all() as session:
            tenants = await tenants_listing(session, ids)
        rows = [
            pb.ListProductTenantsResponse.Row(
                product=f"products/{id_}",
                tenants=sorted(f"tenants/{tenant}" for tenant in tenants.get(id_, ())),
            )
            for id_ in dict.fromkeys(ids)
        ]
        return pb.ListProductTenantsResponse(rows=rows)
