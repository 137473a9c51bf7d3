// Finds the real data that some tests measure on. It is not part of the project: where the folder
// beside the checkout is absent, those tests are skipped.

package import Foundation

package enum SharedData {
  /// The folder of real data, or nil where this machine has none.
  package static let folder: URL? = {
    let checkout = URL(filePath: #filePath)
      .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    let data = checkout.deletingLastPathComponent().appending(path: "shared/data")
    return FileManager.default.fileExists(atPath: data.path) ? data : nil
  }()

  /// A file of the real data, or nil where it is absent.
  package static func file(_ path: String) -> URL? {
    guard let url = folder?.appending(path: path),
      FileManager.default.fileExists(atPath: url.path)
    else { return nil }
    return url
  }
}
