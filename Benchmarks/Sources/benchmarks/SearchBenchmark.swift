// What a search costs and how right it is: one store of given vectors with texts, asked in every way the
// store is used. Prints a line a figure, and JSON for the script that sets it beside the peers.

import ArgumentParser
import Foundation
import VectorStore

struct SearchBenchmark: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "search",
    abstract: "Import, query warm, as a process, in a batch, filtered and by many tasks at once.")

  @Option(help: "A .npy file with base vectors of 1536 dimensions; without it, vectors are made.")
  var base: String?

  @Option(help: "A .npy file with queries, which goes with --base.")
  var queries: String?

  @Option(help: "Rows: so many of the base, all by default; 100,000 where they are made.")
  var rows: Int?

  @Option(help: "The built `store`, to measure a query as a process of its own.")
  var command: String?

  @Option(help: "Where to write the figures as JSON.")
  var json: String?

  @Option(help: "Keep the store at this path, and use it as it is where it is there already.")
  var store: String?

  static let dimensions = 1536
  static let limit = 10

  func run() async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let data = try SearchData(base: base, queries: queries, rows: rows, folder: folder)
    var figures = Figures(rows: data.rows, queries: data.queries.count)
    if store == nil { try await importBare(data, folder, &figures) }
    let path = store ?? folder.appending(path: "texts.db").path
    if !FileManager.default.fileExists(atPath: path) {
      try await importWithTexts(data, path, &figures)
    }
    let before = ProcessMemory.privateMegabytes()
    let open = try await Store(path: path)
    try await SearchFigures(store: open, data: data).measure(&figures)
    figures.set("private_kb_per_row", (ProcessMemory.privateMegabytes() - before) * 1e3 / Double(data.rows),
      "KB a row of private memory, beyond the process before the store was opened")
    try await open.close()
    if let command {
      try ProcessFigures(command: command, store: path, data: data, folder: folder)
        .measure(&figures)
    }
    if let json { try figures.json().write(to: URL(filePath: json)) }
  }

  /// Vectors alone, as the peers hold them: the rate of import, and the size on the disk.
  private func importBare(
    _ data: SearchData, _ folder: URL, _ figures: inout Figures
  ) async throws {
    let path = folder.appending(path: "bare.db").path
    let store = try await Store(path: path)
    let started = ContinuousClock.now
    let report = try await store.import(from: data.base)
    try await store.close()
    let seconds = (ContinuousClock.now - started).seconds
    guard report.documents.added == data.rows else {
      throw ValidationError("\(report.documents.added) of \(data.rows) rows were imported")
    }
    figures.set(
      "import_rows_per_s", Double(data.rows) / seconds, "rows/s imported, sealed and on the disk")
    let size = try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int ?? 0
    figures.set(
      "disk_ratio", Double(size) / Double(data.rows * Self.dimensions * 4),
      "times the float32 bytes on the disk")
    try FileManager.default.removeItem(atPath: path)
  }

  private func importWithTexts(
    _ data: SearchData, _ path: String, _ figures: inout Figures
  ) async throws {
    let store = try await Store(path: path)
    let started = ContinuousClock.now
    try await store.import(from: data.base, texts: try data.writeTexts())
    try await store.close()
    figures.set(
      "import_texts_rows_per_s", Double(data.rows) / (ContinuousClock.now - started).seconds,
      "rows/s imported with texts of some 300 characters, their words and metadata")
  }
}
