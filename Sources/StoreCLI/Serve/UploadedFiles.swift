// Files that were uploaded through `/v1/files`, in a folder beside the store, until they are deleted there.

import Foundation
import VectorStore

/// What is known about an uploaded file.
struct UploadedFile: Codable, Sendable {
  let id: String
  let filename: String
  let purpose: String
  let bytes: Int
  let created_at: Int

  var json: JSONValue {
    [
      "id": .string(id), "object": "file", "filename": .string(filename),
      "purpose": .string(purpose), "bytes": .init(bytes), "created_at": .init(created_at),
      "status": "processed",
    ]
  }
}

/// The folder. A file is there once its description is, which is written last: a server that is killed within an
/// upload leaves none.
struct UploadedFiles: Sendable {
  private let folder: URL

  /// Those of a store on a server are with what else is kept of the user's.
  init(besideStore path: String) {
    guard StorePlace(path).isPostgres else {
      folder = URL(filePath: path + "-files")
      return
    }
    let name = StorePlace(path).shown.map { $0.isLetter || $0.isNumber ? $0 : "-" }
    folder = URL(filePath: Self.stateFolder).appending(path: "files").appending(path: String(name))
  }

  private static var stateFolder: String {
    URL(filePath: BudgetConfiguration().ledgerPath).deletingLastPathComponent().path
  }

  /// Keeps a file.
  func add(_ file: Multipart.File, purpose: String) async throws -> UploadedFile {
    let entry = UploadedFile(
      id: "file-"
        + String(format: "%016lx%016lx", UInt.random(in: 0 ... .max), UInt.random(in: 0 ... .max)),
      filename: file.name, purpose: purpose, bytes: file.bytes.count,
      created_at: Int(Date().timeIntervalSince1970))
    try await write(file.bytes, to: entry.id + ".bytes")
    try await write(try JSONEncoder().encode(entry), to: entry.id + ".json")
    return entry
  }

  /// All files, the newest first.
  func all() async throws -> [UploadedFile] {
    try await work {
      try names().filter { $0.hasPrefix("file-") && $0.hasSuffix(".json") }.compactMap { name in
        (try? Data(contentsOf: folder.appending(path: name))).flatMap {
          try? JSONDecoder().decode(UploadedFile.self, from: $0)
        }
      }.sorted { ($0.created_at, $0.id) > ($1.created_at, $1.id) }
    }
  }

  /// - Throws: ``HTTPError`` with 404.
  func file(_ id: String) async throws -> UploadedFile {
    guard Self.isID(id), let data = try await read(id + ".json"),
      let file = try? JSONDecoder().decode(UploadedFile.self, from: data)
    else {
      throw HTTPError(
        404, "file_not_found",
        "there is no uploaded file \"\(id.prefix(100))\"; GET /v1/files lists what there is",
        parameter: "file_id")
    }
    return file
  }

  /// The bytes of a file.
  func bytes(of file: UploadedFile) async throws -> Data {
    guard let bytes = try await read(file.id + ".bytes") else {
      throw HTTPError(
        404, "file_not_found", "the bytes of \(file.id) are gone; upload the file again")
    }
    return bytes
  }

  func remove(_ file: UploadedFile) async throws {
    try await remove(file.id + ".json")
    try await remove(file.id + ".bytes")
  }

  // MARK: - Files of the folder

  /// Replaces a file of the folder, whole or not at all.
  func write(_ data: Data, to name: String) async throws {
    try await work {
      try FileManager.default.createDirectory(
        at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
      try data.write(to: folder.appending(path: name), options: .atomic)
    }
  }

  /// A file of the folder; nil if there is none.
  func read(_ name: String) async throws -> Data? {
    try await work {
      let url = folder.appending(path: name)
      return FileManager.default.fileExists(atPath: url.path) ? try Data(contentsOf: url) : nil
    }
  }

  func remove(_ name: String) async throws {
    try await work {
      let url = folder.appending(path: name)
      if FileManager.default.fileExists(atPath: url.path) {
        try FileManager.default.removeItem(at: url)
      }
    }
  }

  /// Removes bytes that have had no description for an hour: their upload did not end.
  func removeRests() async throws {
    try await work {
      let names = Set(try names())
      for name in names where name.hasPrefix("file-") && name.hasSuffix(".bytes") {
        guard !names.contains(name.dropLast(5) + "json") else { continue }
        let url = folder.appending(path: name)
        let changed = try url.resourceValues(forKeys: [.contentModificationDateKey])
          .contentModificationDate
        guard let changed, changed.timeIntervalSinceNow < -3600 else { continue }
        try FileManager.default.removeItem(at: url)
      }
    }
  }

  private func names() throws -> [String] {
    guard FileManager.default.fileExists(atPath: folder.path) else { return [] }
    return try FileManager.default.contentsOfDirectory(atPath: folder.path)
  }

  /// An id becomes the name of a file: it is never more than letters and digits.
  private static func isID(_ id: String) -> Bool {
    id.wholeMatch(of: /file-[0-9a-f]{32}/) != nil
  }

  private func work<T: Sendable>(_ body: @escaping @Sendable () throws -> T) async throws -> T {
    try await withCheckedThrowingContinuation { continuation in
      DispatchQueue.global().async { continuation.resume(with: Result { try body() }) }
    }
  }
}
