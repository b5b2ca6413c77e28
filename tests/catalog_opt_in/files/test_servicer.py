"""FileService: an upload is its tenant's alone, and every act leaves its event."""

import asyncio
import hashlib
import uuid

import pytest
from souk.catalog_opt_in.v1 import file_service_pb2 as pb
from souk.catalog_opt_in.v1.file_service_pb2_grpc import FileServiceStub

from services.catalog_opt_in.files import rules
from services.kernel.call.errors import (
    FailedPrecondition,
    InvalidArgument,
    NotFound,
    PermissionDenied,
)
from tests.catalog_opt_in.conftest import SERVICE


def picture(**fields):
    sound = {
        "media_type": pb.File.MEDIA_TYPE_PNG,
        "size_bytes": 70,
        "width": 4,
        "height": 3,
        "sha256": hashlib.sha256(b"").hexdigest(),
    }
    return pb.File(**{**sound, **fields})


@pytest.fixture
def files(scoped_stub):
    def stub(tenant, **scope):
        permissions = {"file:read", "file:write"}
        return scoped_stub(
            FileServiceStub, SERVICE, **{"tenant": tenant, "permissions": permissions} | scope
        )

    return stub


@pytest.fixture
def upload(files):
    async def make(tenant, *pictures, request_id="", **scope):
        request = pb.BatchCreateFilesRequest(
            parent=f"tenants/{tenant}", files=pictures, request_id=request_id
        )
        return list((await files(tenant, **scope).BatchCreateFiles(request)).files)

    return make


async def test_a_file_is_its_tenants_alone(files, upload, tenants):
    paris, lyon = tenants
    [of_paris], [of_lyon] = await upload(paris, picture()), await upload(lyon, picture())
    lyons_in_paris = of_lyon.name.replace(lyon, paris)

    assert await files(paris).GetFile(pb.GetFileRequest(name=of_paris.name)) == of_paris
    with pytest.raises(PermissionDenied, match="outside"):
        await files(paris).GetFile(pb.GetFileRequest(name=of_lyon.name))
    with pytest.raises(NotFound, match="not found"):
        await files(paris).GetFile(pb.GetFileRequest(name=lyons_in_paris))
    with pytest.raises(NotFound, match="not found"):
        await files(paris).DeleteFile(pb.DeleteFileRequest(name=lyons_in_paris))
    assert await files(lyon).GetFile(pb.GetFileRequest(name=of_lyon.name)) == of_lyon


async def test_uploading_and_deleting_leave_an_event_for_each_file(
    files,
    upload,
    tenants,
    events,
):
    paris, lyon = tenants
    first, second = await upload(paris, picture(), picture(width=5))
    await files(paris).DeleteFile(pb.DeleteFileRequest(name=first.name))
    await upload(lyon, picture())

    found = await events(paris, at_least=3)

    assert [(event.method.rpartition("/")[2], event.resource) for event in found] == [
        ("BatchCreateFiles", first.name),
        ("BatchCreateFiles", second.name),
        ("DeleteFile", first.name),
    ]
    assert {change.field for change in found[0].changes} >= {"media_type", "sha256", "size_bytes"}
    assert len(await events(lyon, at_least=1)) == 1


async def test_a_repeated_upload_gets_the_same_files(upload, tenants):
    paris, lyon = tenants
    once = str(uuid.uuid4())

    first = await upload(paris, picture(), picture(), request_id=once)

    assert await upload(paris, picture(), picture(), request_id=once) == first
    assert await upload(lyon, picture(), picture(), request_id=once) != first
    with pytest.raises(InvalidArgument) as refused:
        await upload(paris, picture(width=9), picture(), request_id=once)
    assert refused.value.reason == "REQUEST_ID_REUSED"


@pytest.mark.parametrize(
    ("wrong", "text"),
    [
        ({"media_type": pb.File.MEDIA_TYPE_UNSPECIFIED}, "must be a JPEG, PNG"),
        ({"size_bytes": 0}, "must not be empty"),
        ({"height": 0}, "must not be empty"),
        ({"width": 10_000, "height": 5_001}, "at most 50,000,000 pixels"),
        ({"sha256": "x" * 64}, "must come with its SHA-256"),
    ],
)
async def test_one_bad_file_refuses_all(upload, tenants, events, wrong, text):
    with pytest.raises(InvalidArgument, match=text) as refused:
        await upload(tenants[0], picture(), picture(**wrong))
    assert [*refused.value.violations] == ["files[1]"]

    await upload(tenants[0], picture(width=10_000, height=5_000))
    assert len(await events(tenants[0], at_least=1)) == 1


async def test_none_and_too_many_files_are_refused(upload, tenants):
    with pytest.raises(InvalidArgument, match="at least one"):
        await upload(tenants[0])
    with pytest.raises(InvalidArgument, match="10"):
        await upload(tenants[0], *[picture()] * 11)


async def test_a_tenant_has_a_bounded_number_of_files_also_when_they_come_at_once(
    upload, tenants, database
):
    paris, lyon = tenants
    await upload(paris, picture())
    superuser = await database(SERVICE, "superuser")
    await superuser.execute(
        "INSERT INTO file SELECT (jsonb_populate_record(file, jsonb_build_object("
        " 'file_id', 'file_full_' || n))).* FROM file, generate_series(1, $2) n"
        " WHERE tenant_id = $1",
        paris,
        rules.MOST_FILES - 3,
    )

    outcomes = await asyncio.gather(
        *(upload(paris, picture(), picture()) for _ in range(3)), return_exceptions=True
    )

    refused = [one for one in outcomes if isinstance(one, FailedPrecondition)]
    assert [one.reason for one in refused] == ["FILES_FULL"] * 2
    counted = "SELECT count(*) FROM file WHERE tenant_id = $1"
    assert await superuser.fetchval(counted, paris) == rules.MOST_FILES
    await upload(lyon, picture())
    await superuser.execute("DELETE FROM file WHERE file_id LIKE 'file\\_full\\_%'")


async def test_an_archived_tenant_uploads_nothing(upload, tenants):
    with pytest.raises(FailedPrecondition, match="archived"):
        await upload(tenants[0], picture(), tenant_state="archived")


async def test_a_reader_uploads_and_deletes_nothing(files, upload, tenants):
    [file] = await upload(tenants[0], picture())
    reading = files(tenants[0], permissions={"file:read"})

    with pytest.raises(PermissionDenied):
        await upload(tenants[0], picture(), permissions={"file:read"})
    with pytest.raises(PermissionDenied):
        await reading.DeleteFile(pb.DeleteFileRequest(name=file.name))
    assert await reading.GetFile(pb.GetFileRequest(name=file.name)) == file
