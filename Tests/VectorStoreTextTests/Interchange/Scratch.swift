// Temporary folders for the tests of this folder.

import Foundation

/// Calls `body` with the path of a fresh folder, which is removed afterwards.
func withScratchFolder<R>(_ body: (URL) throws -> R) throws -> R {
  let folder = FileManager.default.temporaryDirectory
    .appending(path: "interchange-\(UUID().uuidString)")
  try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: folder) }
  return try body(folder)
}

extension URL {
  /// Writes bytes to a file of this folder and returns its path.
  func file(_ name: String, _ bytes: some Sequence<UInt8>) throws -> String {
    let url = appending(path: name)
    try Data(bytes).write(to: url)
    return url.path
  }
}
