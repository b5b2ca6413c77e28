"""The methods of CatalogService on tags and product types."""

from google.protobuf.empty_pb2 import Empty
from souk.catalog_opt_in.v1 import catalog_service_pb2 as pb
from souk.catalog_opt_in.v1 import product_pb2

from services.catalog_opt_in.head_office import HeadOffice
from services.catalog_opt_in.taxonomy.terms import acts
from services.catalog_opt_in.taxonomy.terms.kinds import TAGS, TYPES


class Tags:
    _office: HeadOffice

    async def GetTag(self, request: pb.GetTagRequest, _context: object) -> product_pb2.Tag:
        async with self._office.reading() as session:
            return await acts.get(session, TAGS, request.name)

    async def ListTags(self, request: pb.ListTagsRequest, _context: object) -> pb.ListTagsResponse:
        async with self._office.reading() as session:
            found, token, total = await acts.page(session, TAGS, request, request.tags)
        return pb.ListTagsResponse(tags=found, next_page_token=token, total_size=total)

    async def CreateTag(self, request: pb.CreateTagRequest, _context: object) -> product_pb2.Tag:
        async with self._office.writing() as session:
            return await acts.create(session, TAGS, request, request.tag)

    async def UpdateTag(self, request: pb.UpdateTagRequest, _context: object) -> product_pb2.Tag:
        async with self._office.writing() as session:
            return await acts.update(session, TAGS, request.tag, request.update_mask)

    async def DeleteTag(self, request: pb.DeleteTagRequest, _context: object) -> Empty:
        async with self._office.writing() as session:
            await acts.delete(session, TAGS, request.name, request.etag)
            return Empty()


class ProductTypes:
    _office: HeadOffice

    async def GetProductType(
        self, request: pb.GetProductTypeRequest, _context: object
    ) -> product_pb2.ProductType:
        async with self._office.reading() as session:
            return await acts.get(session, TYPES, request.name)

    async def ListProductTypes(
        self, request: pb.ListProductTypesRequest, _context: object
    ) -> pb.ListProductTypesResponse:
        async with self._office.reading() as session:
            found, token, total = await acts.page(session, TYPES, request, request.product_types)
        return pb.ListProductTypesResponse(
            product_types=found, next_page_token=token, total_size=total
        )

    async def CreateProductType(
        self, request: pb.CreateProductTypeRequest, _context: object
    ) -> product_pb2.ProductType:
        async with self._office.writing() as session:
            return await acts.create(session, TYPES, request, request.product_type)

    async def UpdateProductType(
        self, request: pb.UpdateProductTypeRequest, _context: object
    ) -> product_pb2.ProductType:
        async with self._office.writing() as session:
            return await acts.update(session, TYPES, request.product_type, request.update_mask)

    async def DeleteProductType(
        self, request: pb.DeleteProductTypeRequest, _context: object
    ) -> Empty:
        async with self._office.writing() as session:
            await acts.delete(session, TYPES, request.name, request.etag)
            return Empty()
