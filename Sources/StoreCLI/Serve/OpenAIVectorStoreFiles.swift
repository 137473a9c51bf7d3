// The files of OpenAI's vector stores: each is a document. An uploaded file's text is added when it is attached.

import Foundation
import Synchronization
import VectorStore

/// Answers `/v1/vector_stores/{id}/files` and `/file_batches`.
///
/// Requests return once the file is embedded, so that clients that ask again and again find it done.
struct OpenAIVectorStoreFiles: Sendable {
  /// The metadata that holds the id of the uploaded file.
  static let idKey = "file_id"

  /// What a document is called here.
  struct Name: Sendable {
    let id: String
    let name: String
    let attributes: JSONValue

    init(source: String, metadata: [String: MetadataValue]) {
      let uploaded = metadata[OpenAIVectorStoreFiles.idKey]?.string
      // A document that came otherwise is known by its source.
      id = uploaded ?? "file-s-" + VectorStoreID.encoded(source)
      let prefix = "\(id)/"
      name = source.hasPrefix(prefix) ? String(source.dropFirst(prefix.count)) : source
      attributes = .object(
        metadata.compactMapValues { value in
          switch value {
          case .string, .bool, .integer, .number: value
          case .null, .array, .object: nil
          }
        }.filter { $0.key != OpenAIVectorStoreFiles.idKey })
    }
  }

  /// A batch of files. It is done when its request is answered.
  private struct Batch: Sendable {
    let json: JSONValue
    let files: [String]
  }

  /// The batches of this process.
  private final class Batches: Sendable {
    let all = Mutex<[String: Batch]>([:])
  }

  let store: Store
  let uploads: UploadedFiles
  private let batches = Batches()

  init(store: Store, uploads: UploadedFiles) { (self.store, self.uploads) = (store, uploads) }

  var routes: [ServeRoute] {
    let files = "/v1/vector_stores/{vector_store_id}/files"
    let batches = "/v1/vector_stores/{vector_store_id}/file_batches"
    return [
      ServeRoute(
        method: "POST", path: files, summary: "Add an uploaded file to a vector store.",
        takes: "NewVectorStoreFile", gives: "VectorStoreFile", writes: true, answer: create),
      ServeRoute(
        method: "GET", path: files, summary: "Its files.",
        arguments: OpenAIPage.arguments + [
          MCPTool.Argument(
            name: "filter", kind: .choice(["in_progress", "completed", "failed", "cancelled"]),
            description: "Only files in this state.")
        ], gives: "VectorStoreFileList", answer: list),
      ServeRoute(
        method: "GET", path: files + "/{file_id}", summary: "A file of a vector store.",
        gives: "VectorStoreFile"
      ) { call in
        let id = try VectorStoreID(call.value("vector_store_id"))
        return try HTTPResponse(
          json: Self.described(try await document(call.value("file_id"), in: id), in: id))
      },
      ServeRoute(
        method: "POST", path: files + "/{file_id}", summary: "Give a file other attributes.",
        takes: "Attributes", gives: "VectorStoreFile", writes: true, answer: modify),
      ServeRoute(
        method: "DELETE", path: files + "/{file_id}", summary: "Take a file out of a vector store.",
        gives: "Deleted", writes: true
      ) { call in
        let id = try VectorStoreID(call.value("vector_store_id"))
        let document = try await document(call.value("file_id"), in: id)
        _ = try await store.remove([document.source], from: id.collection)
        return try HTTPResponse(
          json: [
            "id": .string(call.value("file_id")), "object": "vector_store.file.deleted",
            "deleted": true,
          ] as JSONValue)
      },
      ServeRoute(
        method: "GET", path: files + "/{file_id}/content", summary: "The text of a file.",
        gives: "FileContentPage", answer: content),
      ServeRoute(
        method: "POST", path: batches, summary: "Add several uploaded files.",
        takes: "NewFileBatch", gives: "FileBatch", writes: true, answer: createBatch),
      ServeRoute(
        method: "GET", path: batches + "/{batch_id}", summary: "A batch of files, which is done.",
        gives: "FileBatch"
      ) { call in try HTTPResponse(json: try batch(call).json) },
      ServeRoute(
        method: "GET", path: batches + "/{batch_id}/files", summary: "The files of a batch.",
        arguments: OpenAIPage.arguments, gives: "VectorStoreFileList"
      ) { call in
        let id = try VectorStoreID(call.value("vector_store_id"))
        let page = try OpenAIPage(call)
        var files: [JSONValue] = []
        for file in try batch(call).files {
          files.append(Self.described(try await document(file, in: id), in: id))
        }
        return try HTTPResponse(json: page.answer(files))
      },
      ServeRoute(
        method: "POST", path: batches + "/{batch_id}/cancel",
        summary: "A batch of files: it is done, so that nothing is left to cancel.",
        gives: "FileBatch", writes: true
      ) { call in try HTTPResponse(json: try batch(call).json) },
    ]
  }

  private struct NewFile: Decodable {
    let file_id: String
    let attributes: [String: MetadataValue]?
    let chunking_strategy: OpenAIChunking?
  }

  private func create(_ call: ServeCall) async throws -> HTTPResponse {
    let id = try VectorStoreID(call.value("vector_store_id"))
    let new = try call.body(NewFile.self)
    let document = try await attach(
      try await uploads.file(new.file_id), to: id, attributes: new.attributes ?? [:],
      options: AddOptions(chunking: try new.chunking_strategy?.options))
    return try HTTPResponse(json: Self.described(document, in: id))
  }

  /// Adds the text of an uploaded file to a collection that is there.
  func attach(
    _ file: UploadedFile, to id: VectorStoreID, attributes: [String: MetadataValue],
    options: AddOptions
  ) async throws -> DocumentSummary {
    try Self.check(attributes)
    guard try await store.collections().contains(where: { $0.name == id.collection }) else {
      throw HTTPError(
        404, "vector_store_not_found",
        "there is no vector store \"\(id.text.prefix(100))\"; make one with POST /v1/vector_stores")
    }
    var document = try await store.document(
      ofFile: try await uploads.bytes(of: file), named: file.filename)
    document.metadata.merge(attributes) { $1 }
    document.metadata[Self.idKey] = .string(file.id)
    // Two files of one name are two documents.
    if let other = try await store.get(file.filename, in: id.collection),
      other.summary.metadata[Self.idKey] != .string(file.id)
    {
      document.source = "\(file.id)/\(file.filename)"
    }
    let report = try await store.add([document], to: id.collection, options: options)
    if let error = report.errors.first {
      throw StoreError(error.code, error.message)
    }
    return try await self.document(file.id, in: id)
  }

  private static func check(_ attributes: [String: MetadataValue]) throws(HTTPError) {
    let isFit =
      attributes.count <= 16
      && attributes.allSatisfy { key, value in
        switch value {
        case .string(let text): key.count <= 64 && text.count <= 512 && key != idKey
        case .bool, .integer, .number: key.count <= 64 && key != idKey
        default: false
        }
      }
    guard isFit else {
      throw HTTPError(
        400, "invalid_argument",
        "attributes are at most 16 texts of 512 characters, numbers or truth values, with names of 64 characters "
          + "other than \(idKey)", parameter: "attributes")
    }
  }

  // MARK: - Reading

  /// The document of a file.
  private func document(_ file: String, in id: VectorStoreID) async throws -> DocumentSummary {
    do {
      let mark = "file-s-"
      if file.hasPrefix(mark), let source = VectorStoreID.decoded(file.dropFirst(mark.count)) {
        if let found = try await store.get(source, in: id.collection) { return found.summary }
      } else if let found = try await store.list(
        in: id.collection, filter: .equals(.metadata([Self.idKey]), file), limit: 1
      ).first {
        return found
      }
    } catch let error as StoreError where error.code == .collectionNotFound {}
    throw HTTPError(
      404, "file_not_found",
      "the vector store \(id.text.prefix(100)) has no file \"\(file.prefix(100))\"; GET its files to see what it has"
    )
  }

  private func list(_ call: ServeCall) async throws -> HTTPResponse {
    let id = try VectorStoreID(call.value("vector_store_id"))
    let (page, wanted) = (try OpenAIPage(call), try call.arguments()["filter"]?.string)
    // By source: a page is read without those before it.
    var last: DocumentSummary?
    if let after = page.after { last = try await document(after, in: id) }
    let states: Set<DocumentSummary.State>? =
      switch wanted {
      case nil: nil
      case "completed": [.complete, .standIn, .leftOut]
      case "failed": [.pending, .failed]
      default: []
      }
    let found = try await store.list(
      in: id.collection, states: states, after: last, limit: page.limit + 1)
    return try HTTPResponse(
      json: OpenAIPage.answer(
        found.prefix(page.limit).map { Self.described($0, in: id) },
        hasMore: found.count > page.limit))
  }

  private func modify(_ call: ServeCall) async throws -> HTTPResponse {
    struct Change: Decodable { let attributes: [String: MetadataValue] }
    let id = try VectorStoreID(call.value("vector_store_id"))
    var attributes = try call.body(Change.self).attributes
    try Self.check(attributes)
    let document = try await document(call.value("file_id"), in: id)
    // What is no attribute stays.
    for (key, value) in document.metadata {
      switch value {
      case .array, .object, .null: attributes[key] = value
      default: if key == Self.idKey { attributes[key] = value }
      }
    }
    try await store.updateMetadata(of: document.source, to: attributes, in: id.collection)
    return try HTTPResponse(
      json: Self.described(try await self.document(call.value("file_id"), in: id), in: id))
  }

  private func content(_ call: ServeCall) async throws -> HTTPResponse {
    let id = try VectorStoreID(call.value("vector_store_id"))
    let document = try await document(call.value("file_id"), in: id)
    let text = try await store.get(document.source, in: id.collection)?.text ?? ""
    return try HTTPResponse(
      json: [
        "object": "vector_store.file_content.page",
        "data": [["type": "text", "text": .string(text)]], "has_more": false, "next_page": .null,
      ] as JSONValue)
  }

  private static func described(_ document: DocumentSummary, in id: VectorStoreID) -> JSONValue {
    let name = Name(source: document.source, metadata: document.metadata)
    let isFailed = document.state == .pending || document.state == .failed
    return [
      "id": .string(name.id), "object": "vector_store.file",
      "created_at": .init(Int(document.added.timeIntervalSince1970)),
      "vector_store_id": .string(id.text), "usage_bytes": 0,
      "status": isFailed ? "failed" : "completed", "attributes": name.attributes,
      "last_error": isFailed
        ? [
          "code": "server_error",
          "message": .string(
            document.reason ?? "it waits for its vectors; `store reembed` makes them"),
        ] : .null,
    ]
  }

  // MARK: - Batches

  private struct NewBatch: Decodable {
    let file_ids: [String]?
    let files: [NewFile]?
    let attributes: [String: MetadataValue]?
    let chunking_strategy: OpenAIChunking?
  }

  private func createBatch(_ call: ServeCall) async throws -> HTTPResponse {
    let id = try VectorStoreID(call.value("vector_store_id"))
    let new = try call.body(NewBatch.self)
    let shared = AddOptions(chunking: try new.chunking_strategy?.options)
    var wanted: [(UploadedFile, [String: MetadataValue], AddOptions)] = []
    for file in new.file_ids ?? [] {
      wanted.append((try await uploads.file(file), new.attributes ?? [:], shared))
    }
    for file in new.files ?? [] {
      wanted.append(
        (
          try await uploads.file(file.file_id), file.attributes ?? [:],
          AddOptions(chunking: try file.chunking_strategy?.options)
        ))
    }
    guard (1...500).contains(wanted.count) else {
      throw HTTPError(
        400, "invalid_argument", "the batch has \(wanted.count) files; send 1 to 500",
        parameter: "file_ids")
    }
    var (completed, failed) = ([String](), 0)
    for (file, attributes, options) in wanted {
      do {
        _ = try await attach(file, to: id, attributes: attributes, options: options)
        completed.append(file.id)
      } catch let error as StoreError where [.notText, .empty, .textTooLong].contains(error.code) {
        failed += 1
      }
    }
    let name = "vsfb_" + String(format: "%016lx", UInt.random(in: 0 ... .max))
    let batch: JSONValue = [
      "id": .string(name), "object": "vector_store.file_batch",
      "created_at": .init(Int(Date().timeIntervalSince1970)), "vector_store_id": .string(id.text),
      "status": "completed",
      "file_counts": [
        "in_progress": 0, "completed": .init(completed.count), "failed": .init(failed),
        "cancelled": 0,
        "total": .init(wanted.count),
      ],
    ]
    batches.all.withLock { all in
      if all.count >= 1000 { all = [:] }
      all[name] = Batch(json: batch, files: completed)
    }
    return try HTTPResponse(json: batch)
  }

  private func batch(_ call: ServeCall) throws -> Batch {
    let name = call.value("batch_id")
    guard let batch = batches.all.withLock({ $0[name] }),
      batch.json["vector_store_id"]?.string == call.value("vector_store_id")
    else {
      throw HTTPError(
        404, "batch_not_found",
        "there is no batch \"\(name.prefix(100))\"; a batch is known until the server ends, and done when it is made"
      )
    }
    return batch
  }
}
