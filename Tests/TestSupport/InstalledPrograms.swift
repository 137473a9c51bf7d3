// Programs that some tests need, which `.scripts/readers` installs.

import Foundation

/// Programs found in the folders of `PATH`: for `.enabled(if:)`, which skips in sight.
package enum InstalledPrograms {
  /// Whether all of these are there.
  package static func are(_ names: String...) -> Bool {
    let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
    return names.allSatisfy { name in
      folders.contains { FileManager.default.isExecutableFile(atPath: "\($0)/\(name)") }
    }
  }
}
