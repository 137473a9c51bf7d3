// OpenAI's `/v1/files`: files to attach to vector stores.

import Foundation
import VectorStore

/// Answers `/v1/files`.
struct OpenAIFiles: Sendable {
  let store: Store
  let uploads: UploadedFiles

  var routes: [ServeRoute] {
    [
      ServeRoute(
        method: "POST", path: "/v1/files", summary: "Upload a file, as multipart/form-data.",
        gives: "File", writes: true, answer: upload),
      ServeRoute(
        method: "GET", path: "/v1/files", summary: "The uploaded files.",
        arguments: OpenAIPage.arguments + [
          MCPTool.Argument(
            name: "purpose", kind: .text, description: "Only files for this purpose.")
        ], gives: "FileList", answer: list),
      ServeRoute(
        method: "GET", path: "/v1/files/{file_id}", summary: "An uploaded file.", gives: "File"
      ) { call in try HTTPResponse(json: try await uploads.file(call.value("file_id")).json) },
      ServeRoute(
        method: "GET", path: "/v1/files/{file_id}/content", summary: "Its bytes."
      ) { call in
        let file = try await uploads.file(call.value("file_id"))
        // Never shown as a page of this server.
        return HTTPResponse(
          contentType: "application/octet-stream", try await uploads.bytes(of: file))
      },
      ServeRoute(
        method: "DELETE", path: "/v1/files/{file_id}",
        summary: "Delete it, and take it out of every vector store.", gives: "Deleted",
        writes: true,
        answer: delete),
    ]
  }

  private func upload(_ call: ServeCall) async throws -> HTTPResponse {
    let form = try Multipart(call.request)
    guard let file = form.files["file"] else {
      throw HTTPError(
        400, "invalid_argument", "the form has no file called \"file\"; send one", parameter: "file"
      )
    }
    guard !file.bytes.isEmpty else {
      throw HTTPError(
        400, "invalid_argument", "the file \(file.name) is empty; send one with text",
        parameter: "file")
    }
    return try HTTPResponse(
      json: try await uploads.add(file, purpose: form.fields["purpose"] ?? "assistants").json)
  }

  private func list(_ call: ServeCall) async throws -> HTTPResponse {
    let (page, purpose) = (try OpenAIPage(call), try call.arguments()["purpose"]?.string)
    let files = try await uploads.all().filter { purpose == nil || $0.purpose == purpose }
    return try HTTPResponse(
      json: page.answer((page.isAscending ? files.reversed() : files).map(\.json)))
  }

  private func delete(_ call: ServeCall) async throws -> HTTPResponse {
    let file = try await uploads.file(call.value("file_id"))
    for collection in try await store.collections() {
      _ = try await store.remove(
        where: .equals(.metadata([OpenAIVectorStoreFiles.idKey]), file.id), from: collection.name)
    }
    try await uploads.remove(file)
    return try HTTPResponse(
      json: ["id": .string(file.id), "object": "file", "deleted": true] as JSONValue)
  }
}
