// What a search costs and how right it is: a store of given vectors with texts, asked in every way the
// store is used. Prints a line a figure, and JSON for the script that sets it beside the peers.

import ArgumentParser
import Foundation
import VectorStore

/// Which vectors a benchmark works on.
struct VectorOptions: ParsableArguments {
  static let dimensions = 1536

  @Option(help: "A .npy file with base vectors of 1536 dimensions; without it, vectors are made.")
  var base: String?

  @Option(help: "A .npy file with queries, which goes with --base.")
  var queries: String?

  @Option(help: "Rows: so many of the base, all by default; 100,000 where they are made.")
  var rows: Int?

  @Option(help: "The store with texts that `import` makes and `search` asks.")
  var store: String

  @Option(help: "Where to write the figures as JSON.")
  var json: String?

  /// Runs `body` with the vectors, then writes its figures.
  func measure(_ body: (SearchData, inout Figures) async throws -> Void) async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let data = try SearchData(base: base, queries: queries, rows: rows, folder: folder)
    var figures = Figures(rows: data.rows, queries: data.queries.count)
    try await body(data, &figures)
    if let json { try figures.json().write(to: URL(filePath: json)) }
  }
}

struct ImportBenchmark: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "import",
    abstract: "Vectors alone, as the peers hold them: rows/s and bytes; then a store with texts.")

  @OptionGroup var vectors: VectorOptions

  @Flag(help: "Leave out the store of vectors alone.")
  var onlyTexts = false

  func run() async throws {
    try await vectors.measure { data, figures in
      if !onlyTexts { try await importBare(data, &figures) }
      for suffix in ["", "-wal", "-shm", "-lock"] {
        try? FileManager.default.removeItem(atPath: vectors.store + suffix)
      }
      let seconds = try await importing(data, into: vectors.store, texts: try data.writeTexts())
      figures.set(
        "import_texts_rows_per_s", Double(data.rows) / seconds,
        "rows/s imported with texts of some 200 characters, their words and metadata")
    }
  }

  private func importBare(_ data: SearchData, _ figures: inout Figures) async throws {
    let path = data.folder.appending(path: "bare.db").path
    let seconds = try await importing(data, into: path, texts: nil)
    figures.set(
      "import_rows_per_s", Double(data.rows) / seconds, "rows/s imported, sealed and on the disk")
    let size = try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int ?? 0
    figures.set(
      "disk_ratio", Double(size) / Double(data.rows * VectorOptions.dimensions * 4),
      "times the float32 bytes on the disk")
    figures.set("disk_mb", Double(size) / 1e6, "MB on the disk")
    try FileManager.default.removeItem(atPath: path)
  }

  /// Returns how long it took until all was on the disk and the store closed.
  private func importing(
    _ data: SearchData, into path: String, texts: String?
  ) async throws -> Double {
    let started = ContinuousClock.now
    let store = try await Store(path: path)
    let report = try await store.import(from: data.base, texts: texts)
    try await store.close()
    guard report.documents.added == data.rows else {
      throw ValidationError("\(report.documents.added) of \(data.rows) rows were imported")
    }
    return (ContinuousClock.now - started).seconds
  }
}

struct SearchBenchmark: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "search",
    abstract: "Queries of a store: warm, in a batch, filtered, by many tasks, as a process.")

  static let limit = 10

  @OptionGroup var vectors: VectorOptions

  @Option(help: "The built `store`, to measure a query as a process of its own.")
  var command: String?

  func run() async throws {
    try await vectors.measure { data, figures in
      let before = ProcessMemory.privateMegabytes()
      let store = try await Store(path: vectors.store)
      try await SearchFigures(store: store, data: data).measure(&figures, memoryBefore: before)
      try await store.close()
      if let command {
        try ProcessFigures(command: command, store: vectors.store, data: data).measure(&figures)
      }
    }
  }
}
