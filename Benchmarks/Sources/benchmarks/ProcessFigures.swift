// What SearchBenchmark measures of `store query` as a process of its own.

import Foundation
import VectorStore

/// Runs the built command over and over.
struct ProcessFigures {
  let command: String
  let store: String
  let data: SearchData

  func measure(_ figures: inout Figures) throws {
    let file = data.folder.appending(path: "query.npy").path
    try NPYFile.write(data.queries[0], columns: VectorOptions.dimensions, to: file)
    var times: [Double] = []
    var memory = 0.0
    for _ in 0..<15 {
      let started = ContinuousClock.now
      memory = max(memory, try run(["query", "--vector", file, "--store", store, "--json"]))
      times.append((ContinuousClock.now - started).seconds)
    }
    figures.set(
      "process_ms", 1e3 * Timing(seconds: times.sorted()).median,
      "ms for `store query --vector` as a process of its own")
    figures.set("process_private_mb", memory, "MB of private memory (RssAnon) of that process")
  }

  /// Runs the command to its end. Returns the most private memory that was seen.
  private func run(_ arguments: [String]) throws -> Double {
    let process = Process()
    process.executableURL = URL(filePath: command)
    process.arguments = arguments
    process.standardOutput = FileHandle.nullDevice
    try process.run()
    var memory = 0.0
    while process.isRunning {
      memory = max(memory, ProcessMemory.privateMegabytes(of: "\(process.processIdentifier)"))
      usleep(500)
    }
    process.waitUntilExit()
    guard process.terminationStatus == 0 else { throw CocoaError(.executableLoad) }
    return memory
  }
}

/// The memory of a process as Linux tells it; 0 elsewhere.
enum ProcessMemory {
  /// RssAnon: what is neither a mapped file nor shared.
  static func privateMegabytes(of process: String = "self") -> Double {
    guard let status = try? String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8),
      let line = status.split(separator: "\n").first(where: { $0.hasPrefix("RssAnon:") }),
      let kilobytes = Double(line.split(separator: " ").dropFirst().first ?? "")
    else { return 0 }
    return kilobytes / 1e3
  }
}
