// The tools that change the store: texts and files in, documents out.

import Foundation
import VectorStore
import VectorStoreText

extension MCPTools {
  /// The most files of a kind that a result names; their number is always there.
  private static let named = 20

  nonisolated func addText(
    _ store: Store, _ arguments: [String: JSONValue]
  ) async throws -> [String: JSONValue] {
    let document = Document(
      id: arguments["id"]?.string, text: arguments["text"]?.string ?? "",
      metadata: try (arguments["metadata"]?.object ?? [:]).mapValues { try $0.metadata })
    return try added(
      try await store.add([document], to: arguments["collection"]?.string ?? "default"), store)
  }

  nonisolated func addPath(
    _ store: Store, _ arguments: [String: JSONValue], _ progress: ProgressHandler?
  ) async throws -> [String: JSONValue] {
    let path = try permitted(arguments["path"]?.string ?? "")
    return try added(
      try await store.add(
        paths: [path], to: arguments["collection"]?.string ?? "default", progress: progress), store)
  }

  nonisolated func remove(
    _ store: Store, _ arguments: [String: JSONValue]
  ) async throws -> [String: JSONValue] {
    let source = arguments["source"]?.string ?? ""
    let collection = arguments["collection"]?.string ?? "default"
    let report = try await store.remove([source], from: collection)
    guard report.documents > 0 else {
      throw StoreError(.documentNotFound, try await store.missing(source, in: collection))
    }
    return answer(
      "removed \(source) (\(Format.counted(report.chunks, "chunk")))", [],
      ["report": try JSONValue(encoding: report)])
  }

  /// A path without links, if it lies in a folder that may be added.
  private nonisolated func permitted(_ path: String) throws -> String {
    let candidates = path.hasPrefix("/") ? [path] : roots.map { "\($0)/\(path)" }
    let found = candidates.compactMap { SourceIdentity.real($0) }
    if let inside = found.first(where: { path in
      roots.contains { path == $0 || path.hasPrefix($0 == "/" ? $0 : "\($0)/") }
    }) {
      return inside
    }
    let folders = roots.joined(separator: ", ")
    throw StoreError(
      .pathNotFound,
      "there is no file or folder \(path) that may be added; what lies in \(folders) may be, links that "
        + "lead out of there may not")
  }

  /// What was added, with all that the agent should know of it.
  private nonisolated func added(
    _ report: AddReport, _ store: Store
  ) throws -> [String: JSONValue] {
    var notes = report.errors.prefix(Self.named).map { error in
      let place = error.source.map { "\($0): " } ?? ""
      return error.message.hasPrefix(place) ? error.message : place + error.message
    }
    notes += report.stopped.map { [$0.message] } ?? []
    notes += report.warnings.prefix(Self.named)
    notes += report.leftOut.prefix(Self.named).map { "not taken: \($0.source): \($0.reason)" }
    let leftOut = report.leftOutByKind.values.reduce(0, +)
    if leftOut > Self.named { notes.append("\(leftOut) files were not taken in all") }
    var short = report
    short.errors = Array(report.errors.prefix(Self.named))
    short.errorsOmitted += report.errors.count - short.errors.count
    short.warnings = Array(report.warnings.prefix(Self.named))
    short.leftOut = Array(report.leftOut.prefix(Self.named))
    short.moved = Array(report.moved.prefix(Self.named))
    short.gone = Array(report.gone.prefix(Self.named))
    short.notPruned = Array(report.notPruned.prefix(Self.named))
    let documents = report.documents
    let done =
      documents.added + documents.updated + documents.unchanged + documents.moved
      + documents.pending
    return answer(
      ReportOutput.summary(report, canEmbed: true), notes,
      ["report": try JSONValue(encoding: short)],
      isError: done == 0 && !report.errors.isEmpty)
  }
}

extension JSONValue {
  /// The value as a document's metadata holds it.
  fileprivate var metadata: MetadataValue {
    get throws {
      try JSONDecoder().decode(MetadataValue.self, from: Data(try JSONOutput.line(self).utf8))
    }
  }
}
