// Runs a script of this folder with Python, where there is one with numpy: references that the library
// is held to. Waiting never blocks a thread of Swift's pool.

package import Foundation

package enum PythonScript {
  /// Runs a script of this folder. Returns its standard output, or nil where there is no Python, or it
  /// lacks a package that the script needs.
  package static func run(_ name: String, _ arguments: String...) async throws -> Data? {
    let script = URL(filePath: #filePath).deletingLastPathComponent().appending(path: name).path
    guard try await launch(["-c", "import numpy"]) != nil else { return nil }
    guard let output = try await launch([script] + arguments) else {
      throw CocoaError(.executableLoad)
    }
    return output
  }

  /// Whether there is a Python with numpy: for `.enabled(if:)`, which skips in sight.
  package static func isThere() async throws -> Bool {
    try await launch(["-c", "import numpy"]) != nil
  }

  /// The output of Python; nil where it cannot be started or fails.
  private static func launch(_ arguments: [String]) async throws -> Data? {
    let output = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    try Data().write(to: output)
    defer { try? FileManager.default.removeItem(at: output) }
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = ["python3"] + arguments
    process.standardOutput = try FileHandle(forWritingTo: output)
    process.standardError = FileHandle.nullDevice
    let status = try await withCheckedThrowingContinuation { continuation in
      process.terminationHandler = { continuation.resume(returning: $0.terminationStatus) }
      do {
        try process.run()
      } catch {
        continuation.resume(throwing: error)
      }
    }
    return status == 0 ? try Data(contentsOf: output) : nil
  }
}
