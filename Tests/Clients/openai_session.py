"""A session of the official openai SDK with `store serve`; nothing here is special to it.

    python openai_session.py STORE ADDRESS TOKEN
"""

import base64
import struct
import sys
import tempfile
import pathlib

import openai

base, token = sys.argv[2], sys.argv[3]
client = openai.OpenAI(base_url=base + "/v1", api_key=token, max_retries=0, timeout=60)
folder = pathlib.Path(tempfile.mkdtemp())


def write(name, text):
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


# Models and embeddings, as base64 (the SDK's default) and as numbers.
model = client.models.list().data[0].id
assert client.models.retrieve(model).id == model
default = client.embeddings.create(model=model, input=["The sky is blue.", "Bread rises."])
assert [one.index for one in default.data] == [0, 1] and len(default.data[0].embedding) == 1536
floats = client.embeddings.create(model=model, input="The sky is blue.", encoding_format="float")
assert all(abs(a - b) < 1e-6 for a, b in zip(floats.data[0].embedding, default.data[0].embedding))
assert abs(sum(x * x for x in floats.data[0].embedding) - 1) < 1e-3
raw = client.embeddings.with_raw_response.create(model=model, input="x", encoding_format="base64")
text = raw.http_response.json()["data"][0]["embedding"]
assert len(struct.unpack("<1536f", base64.b64decode(text))) == 1536
assert raw.headers["x-request-id"]

# A vector store with files, in the ways that OpenAI's guides show.
store = client.vector_stores.create(name="Support FAQ", metadata={"team": "help"})
assert store.name == "Support FAQ" and store.metadata == {"team": "help"} and store.status == "completed"
again = client.vector_stores.create(name="Support FAQ")
assert again.id != store.id and again.name == "Support FAQ"
assert {one.id for one in client.vector_stores.list()} >= {store.id, again.id}

with open(write("ports.md", "# Ports\n\nThe server listens on port 8080.\n"), "rb") as file:
    uploaded = client.files.create(file=file, purpose="assistants")
assert uploaded.filename == "ports.md" and uploaded.bytes == 42 and uploaded.status == "processed"
assert client.files.retrieve(uploaded.id).id == uploaded.id
assert client.files.content(uploaded.id).read().startswith(b"# Ports")
attached = client.vector_stores.files.create_and_poll(
    uploaded.id, vector_store_id=store.id, attributes={"year": 2024, "lang": "en", "draft": False})
assert attached.status == "completed" and attached.id == uploaded.id
assert attached.attributes["year"] == 2024 and attached.attributes["draft"] is False

with open(write("colours.txt", "The sky is blue, and grass is green."), "rb") as file:
    colours = client.vector_stores.files.upload_and_poll(
        vector_store_id=store.id, file=file, attributes={"year": 2020, "lang": "en"})
assert colours.status == "completed"

streams = [open(write(f"note {n}.txt", f"Note number {n} is about the walrus."), "rb") for n in range(3)]
batch = client.vector_stores.file_batches.upload_and_poll(vector_store_id=store.id, files=streams)
assert batch.status == "completed" and batch.file_counts.completed == 3, batch
assert len(client.vector_stores.file_batches.list_files(batch.id, vector_store_id=store.id).data) == 3

# Two files of one name are two files.
with open(write("ports.md", "# Ports\n\nThe printer listens on port 9100.\n"), "rb") as file:
    other = client.vector_stores.files.upload_and_poll(
        vector_store_id=store.id, file=file, attributes={"year": 2019})
names = [one.id for one in client.vector_stores.files.list(store.id, limit=2)]
assert len(names) == 6 and len(set(names)) == 6
assert client.vector_stores.retrieve(store.id).file_counts.completed == 6

# Search: several questions, filters, thresholds.
page = client.vector_stores.search(store.id, query="which port does the server listen on?")
best = page.data[0]
assert best.filename == "ports.md" and best.file_id == uploaded.id and "8080" in best.content[0].text
assert best.attributes["lang"] == "en" and 0 < best.score <= 1
both = client.vector_stores.search(store.id, query=["which port?", "colour of the sky"], max_num_results=5)
assert {hit.file_id for hit in both.data} >= {uploaded.id, colours.id}
for filters, expected in [
    ({"type": "eq", "key": "year", "value": 2019}, {other.id}),
    ({"type": "gte", "key": "year", "value": 2020}, {uploaded.id, colours.id}),
    ({"type": "in", "key": "year", "value": [2019, 2024]}, {uploaded.id, other.id}),
    ({"type": "and", "filters": [{"type": "eq", "key": "lang", "value": "en"},
                                 {"type": "lt", "key": "year", "value": 2024}]}, {colours.id}),
    ({"type": "or", "filters": [{"type": "eq", "key": "draft", "value": False},
                                {"type": "ne", "key": "lang", "value": "en"},
                                {"type": "eq", "key": "year", "value": 2020}]}, None),
]:
    found = client.vector_stores.search(store.id, query="port sky walrus", filters=filters, max_num_results=50)
    ids = {hit.file_id for hit in found.data}
    assert ids == expected if expected else len(ids) == 6, (filters, ids)

# Changes and endings.
changed = client.vector_stores.files.update(colours.id, vector_store_id=store.id, attributes={"year": 2025})
assert changed.attributes == {"year": 2025}
content = client.vector_stores.files.content(uploaded.id, vector_store_id=store.id)
assert "8080" in content.data[0].text
assert client.vector_stores.update(store.id, name="FAQ").name == "FAQ"
assert client.vector_stores.files.delete(colours.id, vector_store_id=store.id).deleted
assert client.files.delete(uploaded.id).deleted
left = {one.id for one in client.vector_stores.files.list(store.id)}
assert len(left) == 4 and uploaded.id not in left and colours.id not in left
assert client.vector_stores.delete(store.id).deleted

# Errors are the SDK's own kinds, with messages that say what to do.
for call, kind, part in [
    (lambda: client.vector_stores.retrieve(store.id), openai.NotFoundError, "no vector store"),
    (lambda: client.files.retrieve(uploaded.id), openai.NotFoundError, "no uploaded file"),
    (lambda: client.embeddings.create(model=model, input=[]), openai.BadRequestError, "1 to 2048"),
    (lambda: client.embeddings.create(model=model, input=[1, 2]), openai.BadRequestError, "tokens"),
    (lambda: client.vector_stores.search(again.id, query="x", filters={"type": "eq", "key": "a", "value": "'"},
                                         max_num_results=99), openai.BadRequestError, "1 to 50"),
    (lambda: client.vector_stores.files.create(again.id, file_id="file-nothing"), openai.NotFoundError, "file"),
    (lambda: client.files.create(file=("empty.txt", b""), purpose="assistants"), openai.BadRequestError, "empty"),
]:
    try:
        call()
        raise AssertionError(f"no error: {part}")
    except kind as error:
        assert part in str(error), str(error)
wrong = openai.OpenAI(base_url=base + "/v1", api_key="a-wrong-token-of-length", max_retries=0)
if token != "none-needed":
    try:
        wrong.models.list()
        raise AssertionError("a wrong token is taken")
    except openai.AuthenticationError as error:
        assert "STORE_TOKEN" in str(error)
print("session done")
